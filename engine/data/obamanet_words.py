"""English words whose sound their letters do not tell, written for this project, and the weak words of a sentence.

Each entry: the word, a colon, its phones (`obamanet_phones`), stress marked.
"""

from __future__ import annotations

_EXCEPTIONS = """
a: ax; an: ae n; the: dh ax; and: ax n d; of: ax v; to: t ax; in: ih n; is: ih z; it: ih t; i: ay1; you: y uw
he: hh iy1; she: sh iy1; we: w iy1; me: m iy1; be: b iy1; they: dh ey1; them: dh eh m; their: dh eh1 r
theirs: dh eh1 r z; there: dh eh1 r; this: dh ih s; that: dh ae t; these: dh iy1 z; those: dh ow1 z; than: dh ae n
then: dh eh1 n; thus: dh ah1 s; though: dh ow1; although: ao l dh ow1; with: w ih dh; without: w ih dh aw1 t
within: w ih dh ih1 n; other: ah1 dh er; another: ax n ah1 dh er; mother: m ah1 dh er; brother: b r ah1 dh er
father: f aa1 dh er; rather: r ae1 dh er; together: t ax g eh1 dh er; either: iy1 dh er; neither: n iy1 dh er
whether: w eh1 dh er; weather: w eh1 dh er; northern: n ao1 r dh er n; are: aa1 r; were: w er1; was: w aa z
has: hh ae z; have: hh ae v; had: hh ae d; his: hh ih z; her: hh er; as: ae z; am: ae1 m; us: ah s; does: d ah1 z
do: d uw1; did: d ih1 d; done: d ah1 n; goes: g ow1 z; gone: g ao1 n; going: g ow1 ih ng; doing: d uw1 ih ng
been: b ih1 n; being: b iy1 ih ng; said: s eh1 d; says: s eh1 z; say: s ey1; one: w ah1 n; once: w ah1 n s; two: t uw1
four: f ao1 r; none: n ah1 n; some: s ah1 m; come: k ah1 m; become: b ih k ah1 m; love: l ah1 v; above: ax b ah1 v
glove: g l ah1 v; dove: d ah1 v; move: m uw1 v; prove: p r uw1 v; improve: ih m p r uw1 v; lose: l uw1 z
whose: hh uw1 z; who: hh uw1; whom: hh uw1 m; what: w ah1 t; whole: hh ow1 l; where: w eh1 r; when: w eh1 n
why: w ay1; which: w ih1 ch; your: y ao1 r; yours: y ao1 r z; our: aw1 er; my: m ay1; hour: aw1 er; could: k uh1 d
would: w uh1 d; should: sh uh1 d; shall: sh ae1 l; will: w ih1 l; can: k ae n; cannot: k ae1 n aa t; any: eh1 n iy
many: m eh1 n iy; anything: eh1 n iy th ih ng; anyone: eh1 n iy w ah n; every: eh1 v r iy
everything: eh1 v r iy th ih ng; everyone: eh1 v r iy w ah n; something: s ah1 m th ih ng; someone: s ah1 m w ah n
nothing: n ah1 th ih ng; only: ow1 n l iy; people: p iy1 p ax l; woman: w uh1 m ax n; women: w ih1 m ax n
man: m ae1 n; men: m eh1 n; child: ch ay1 l d; children: ch ih1 l d r ax n; friend: f r eh1 n d; water: w ao1 t er
daughter: d ao1 t er; laugh: l ae1 f; enough: ih n ah1 f; rough: r ah1 f; tough: t ah1 f; cough: k ao1 f
through: th r uw1; thought: th ao1 t; bought: b ao1 t; bough: b aw1; country: k ah1 n t r iy; young: y ah1 ng
touch: t ah1 ch; double: d ah1 b ax l; trouble: t r ah1 b ax l; cousin: k ah1 z ax n; enormous: ih n ao1 r m ax s
blood: b l ah1 d; flood: f l ah1 d; foot: f uh1 t; good: g uh1 d; stood: s t uh1 d; wood: w uh1 d; wool: w uh1 l
food: f uw1 d; mood: m uw1 d; book: b uh1 k; door: d ao1 r; floor: f l ao1 r; poor: p uh1 r; put: p uh1 t
push: p uh1 sh; pull: p uh1 l; full: f uh1 l; bull: b uh1 l; sugar: sh uh1 g er; sure: sh uh1 r; busy: b ih1 z iy
business: b ih1 z n ax s; build: b ih1 l d; built: b ih1 l t; guess: g eh1 s; guest: g eh1 s t; guide: g ay1 d
buy: b ay1; eye: ay1; eyes: ay1 z; great: g r ey1 t; break: b r ey1 k; steak: s t ey1 k; heart: hh aa1 r t
bear: b eh1 r; wear: w eh1 r; tear: t eh1 r; pear: p eh1 r; heard: hh er1 d; early: er1 l iy; earth: er1 th
learn: l er1 n; year: y ih1 r; dear: d ih1 r; dead: d eh1 d; head: hh eh1 d; read: r iy1 d; bread: b r eh1 d
spread: s p r eh1 d; instead: ih n s t eh1 d; ready: r eh1 d iy; heavy: hh eh1 v iy; heaven: hh eh1 v ax n
death: d eh1 th; breath: b r eh1 th; breathe: b r iy1 dh; health: hh eh1 l th; wealth: w eh1 l th; meant: m eh1 n t
sweat: s w eh1 t; measure: m eh1 zh er; pleasure: p l eh1 zh er; treasure: t r eh1 zh er; leather: l eh1 dh er
feather: f eh1 dh er; pleasant: p l eh1 z ax n t; again: ax g eh1 n; against: ax g eh1 n s t; captain: k ae1 p t ax n
mountain: m aw1 n t ax n; fountain: f aw1 n t ax n; certain: s er1 t ax n; curtain: k er1 t ax n
bargain: b aa1 r g ax n; village: v ih1 l ih jh; machine: m ax sh iy1 n; police: p ax l iy1 s
magazine: m ae1 g ax z iy n; give: g ih1 v; live: l ih1 v; given: g ih1 v ax n; river: r ih1 v er
driven: d r ih1 v ax n; seven: s eh1 v ax n; eleven: ih l eh1 v ax n; eight: ey1 t; height: hh ay1 t
neighbour: n ey1 b er; neighbor: n ey1 b er; weigh: w ey1; weight: w ey1 t; foreign: f ao1 r ax n; field: f iy1 l d
science: s ay1 ax n s; quiet: k w ay1 ax t; society: s ax s ay1 ax t iy; idea: ay d iy1 ax; real: r iy1 l
really: r iy1 l iy; area: eh1 r iy ax; theatre: th iy1 ax t er; theater: th iy1 ax t er; create: k r iy ey1 t
museum: m y uw z iy1 ax m; piano: p iy ae1 n ow; radio: r ey1 d iy ow; video: v ih1 d iy ow; audio: ao1 d iy ow
music: m y uw1 z ih k; usual: y uw1 zh uw ax l; use: y uw1 z; used: y uw1 z d; useful: y uw1 s f ax l; house: hh aw1 s
mouse: m aw1 s; horse: hh ao1 r s; nurse: n er1 s; purse: p er1 s; course: k ao1 r s; promise: p r aa1 m ax s
purpose: p er1 p ax s; office: ao1 f ax s; notice: n ow1 t ax s; practice: p r ae1 k t ax s; service: s er1 v ax s
base: b ey1 s; case: k ey1 s; close: k l ow1 z; loose: l uw1 s; goose: g uw1 s; cheese: ch iy1 z; please: p l iy1 z
increase: ih n k r iy1 s; release: r ih l iy1 s; lease: l iy1 s; else: eh1 l s; false: f ao1 l s; sense: s eh1 n s
answer: ae1 n s er; sword: s ao1 r d; island: ay1 l ax n d; listen: l ih1 s ax n; castle: k ae1 s ax l
often: ao1 f ax n; half: hh ae1 f; calm: k aa1 m; palm: p aa1 m; talk: t ao1 k; walk: w ao1 k; chalk: ch ao1 k
folk: f ow1 k; salmon: s ae1 m ax n; debt: d eh1 t; doubt: d aw1 t; climb: k l ay1 m; comb: k ow1 m; tomb: t uw1 m
bomb: b aa1 m; sign: s ay1 n; design: d ih z ay1 n; autumn: ao1 t ax m; iron: ay1 er n; knowledge: n aa1 l ih jh
college: k aa1 l ih jh; language: l ae1 ng g w ih jh; image: ih1 m ih jh; minute: m ih1 n ax t; orange: ao1 r ax n jh
garage: g er aa1 zh; beige: b ey1 zh; vision: v ih1 zh ax n; asia: ey1 zh ax; genre: zh aa1 n r ax
finger: f ih1 ng g er; hunger: hh ah1 ng g er; longer: l ao1 ng g er; stronger: s t r ao1 ng g er
younger: y ah1 ng g er; anger: ae1 ng g er; english: ih1 ng g l ih sh; england: ih1 ng g l ax n d; singer: s ih1 ng er
long: l ao1 ng; song: s ao1 ng; strong: s t r ao1 ng; wrong: r ao1 ng; along: ax l ao1 ng; among: ax m ah1 ng
tongue: t ah1 ng; danger: d ey1 n jh er; strange: s t r ey1 n jh; change: ch ey1 n jh; range: r ey1 n jh; get: g eh1 t
gift: g ih1 f t; girl: g er1 l; begin: b ih g ih1 n; target: t aa1 r g ax t; tiger: t ay1 g er; eager: iy1 g er
forget: f er g eh1 t; geese: g iy1 s; word: w er1 d; work: w er1 k; world: w er1 l d; worse: w er1 s; worst: w er1 s t
worth: w er1 th; worry: w er1 iy; fork: f ao1 r k; york: y ao1 r k; pork: p ao1 r k; cork: k ao1 r k
storm: s t ao1 r m; warm: w ao1 r m; war: w ao1 r; far: f aa1 r; quarter: k w ao1 r t er; watch: w aa1 ch
want: w aa1 n t; wash: w aa1 sh; wander: w aa1 n d er; swan: s w aa1 n; quality: k w aa1 l ax t iy; dog: d ao1 g
off: ao1 f; on: aa1 n; upon: ax p aa1 n; soft: s ao1 f t; lost: l ao1 s t; cost: k ao1 s t; cross: k r ao1 s
boss: b ao1 s; cloth: k l ao1 th; most: m ow1 s t; post: p ow1 s t; ghost: g ow1 s t; host: hh ow1 s t; both: b ow1 th
so: s ow1; no: n ow1; go: g ow1; also: ao1 l s ow; know: n ow1; known: n ow1 n; own: ow1 n; show: sh ow1
shown: sh ow1 n; low: l ow1; slow: s l ow1; snow: s n ow1; grow: g r ow1; grown: g r ow1 n; blow: b l ow1
flow: f l ow1; throw: th r ow1; thrown: th r ow1 n; bowl: b ow1 l; follow: f aa1 l ow; tomorrow: t ax m aa1 r ow
now: n aw1; how: hh aw1; cow: k aw1; brown: b r aw1 n; crown: k r aw1 n; town: t aw1 n; down: d aw1 n
flower: f l aw1 er; power: p aw1 er; tower: t aw1 er; shower: sh aw1 er; south: s aw1 th; mouth: m aw1 th
youth: y uw1 th; soup: s uw1 p; group: g r uw1 p; route: r uw1 t; wound: w uw1 n d; soul: s ow1 l
shoulder: sh ow1 l d er; journey: jh er1 n iy; colour: k ah1 l er; color: k ah1 l er; honour: aa1 n er
month: m ah1 n th; money: m ah1 n iy; monday: m ah1 n d ey; monkey: m ah1 ng k iy; front: f r ah1 n t; son: s ah1 n
won: w ah1 n; ton: t ah1 n; wonder: w ah1 n d er; oven: ah1 v ax n; cover: k ah1 v er; discover: d ih s k ah1 v er
recover: r ih k ah1 v er; government: g ah1 v er m ax n t; nose: n ow1 z; shoe: sh uw1; shoes: sh uw1 z
canoe: k ax n uw1; toe: t ow1; into: ih1 n t uw; today: t ax d ey1; tonight: t ax n ay1 t; too: t uw1
onto: aa1 n t uw; lion: l ay1 ax n; violet: v ay1 ax l ax t; poem: p ow1 ax m; hello: hh ax l ow1; over: ow1 v er
open: ow1 p ax n; ocean: ow1 sh ax n; moment: m ow1 m ax n t; robot: r ow1 b aa t; photo: f ow1 t ow
total: t ow1 t ax l; broken: b r ow1 k ax n; spoken: s p ow1 k ax n; woke: w ow1 k; frozen: f r ow1 z ax n
golden: g ow1 l d ax n; hotel: hh ow t eh1 l; model: m aa1 d ax l; body: b aa1 d iy; copy: k aa1 p iy
policy: p aa1 l ax s iy; honest: aa1 n ax s t; modern: m aa1 d er n; proper: p r aa1 p er; product: p r aa1 d ah k t
project: p r aa1 jh eh k t; problem: p r aa1 b l ax m; process: p r aa1 s eh s; progress: p r aa1 g r eh s
synthetic: s ih n th eh1 t ih k; person: p er1 s ax n; perfect: p er1 f ih k t; comfort: k ah1 m f er t
company: k ah1 m p ax n iy; computer: k ax m p y uw1 t er; common: k aa1 m ax n; concert: k aa1 n s er t
constant: k aa1 n s t ax n t; contact: k aa1 n t ae k t; extra: eh1 k s t r ax; exit: eh1 g z ih t
example: ih g z ae1 m p ax l; exact: ih g z ae1 k t; engine: eh1 n jh ax n; energy: eh1 n er jh iy
enemy: eh1 n ax m iy; empty: eh1 m p t iy; empire: eh1 m p ay er; index: ih1 n d eh k s; inside: ih n s ay1 d
interest: ih1 n t r ax s t; industry: ih1 n d ax s t r iy; ink: ih1 ng k; inch: ih1 n ch; reason: r iy1 z ax n
region: r iy1 jh ax n; recent: r iy1 s ax n t; red: r eh1 d; rest: r eh1 s t; present: p r eh1 z ax n t
president: p r eh1 z ax d ax n t; pretty: p r ih1 t iy; previous: p r iy1 v iy ax s; desert: d eh1 z er t
desk: d eh1 s k; decade: d eh1 k ey d; distance: d ih1 s t ax n s; district: d ih1 s t r ih k t; better: b eh1 t er
best: b eh1 s t; bell: b eh1 l; belt: b eh1 l t; bend: b eh1 n d; bed: b eh1 d; den: d eh1 n; dense: d eh1 n s
even: iy1 v ax n; evening: iy1 v n ih ng; evil: iy1 v ax l; ever: eh1 v er; never: n eh1 v er; level: l eh1 v ax l
clever: k l eh1 v er; metal: m eh1 t ax l; medal: m eh1 d ax l; second: s eh1 k ax n d; seconds: s eh1 k ax n d z
separate: s eh1 p er ax t; several: s eh1 v r ax l; legal: l iy1 g ax l; equal: iy1 k w ax l; zero: z ih1 r ow
hero: hh ih1 r ow; period: p ih1 r iy ax d; series: s ih1 r iy z; very: v eh1 r iy; bury: b eh1 r iy
berry: b eh1 r iy; america: ax m eh1 r ax k ax; american: ax m eh1 r ax k ax n; europe: y uh1 r ax p
paris: p ae1 r ax s; animal: ae1 n ax m ax l; family: f ae1 m ax l iy; travel: t r ae1 v ax l; planet: p l ae1 n ax t
palace: p ae1 l ax s; salad: s ae1 l ax d; cabin: k ae1 b ax n; camera: k ae1 m er ax; habit: hh ae1 b ax t
rapid: r ae1 p ax d; shadow: sh ae1 d ow; valley: v ae1 l iy; magic: m ae1 jh ih k; balance: b ae1 l ax n s
manage: m ae1 n ih jh; damage: d ae1 m ih jh; average: ae1 v r ih jh; natural: n ae1 ch er ax l; nature: n ey1 ch er
national: n ae1 sh ax n ax l; rational: r ae1 sh ax n ax l; nation: n ey1 sh ax n; paper: p ey1 p er; able: ey1 b ax l
table: t ey1 b ax l; baby: b ey1 b iy; lady: l ey1 d iy; lazy: l ey1 z iy; crazy: k r ey1 z iy; later: l ey1 t er
major: m ey1 jh er; famous: f ey1 m ax s; dangerous: d ey1 n jh er ax s; patient: p ey1 sh ax n t
ancient: ey1 n sh ax n t; angel: ey1 n jh ax l; april: ey1 p r ax l; away: ax w ey1; ask: ae1 s k; after: ae1 f t er
apple: ae1 p ax l; arrow: ae1 r ow; address: ax d r eh1 s; add: ae1 d; act: ae1 k t; air: eh1 r; art: aa1 r t
agree: ax g r iy1; across: ax k r ao1 s; apart: ax p aa1 r t; about: ax b aw1 t; around: ax r aw1 n d
alone: ax l ow1 n; ago: ax g ow1; account: ax k aw1 n t; attack: ax t ae1 k; appear: ax p ih1 r; arrive: er ay1 v
allow: ax l aw1; afraid: ax f r ey1 d; amount: ax m aw1 n t; announce: ax n aw1 n s; assume: ax s uw1 m
success: s ax k s eh1 s; suppose: s ax p ow1 z; support: s ax p ao1 r t; subject: s ah1 b jh eh k t
surprise: s er p r ay1 z; surface: s er1 f ax s; public: p ah1 b l ih k; study: s t ah1 d iy; under: ah1 n d er
uncle: ah1 ng k ax l; until: ax n t ih1 l; number: n ah1 m b er; summer: s ah1 m er; supper: s ah1 p er; up: ah1 p
unit: y uw1 n ax t; union: y uw1 n y ax n; university: y uw n ax v er1 s ax t iy; human: hh y uw1 m ax n
huge: hh y uw1 jh; future: f y uw1 ch er; student: s t uw1 d ax n t; stupid: s t uw1 p ax d; super: s uw1 p er
truth: t r uw1 th; fruit: f r uw1 t; juice: jh uw1 s; suit: s uw1 t; blue: b l uw1; true: t r uw1; new: n uw1
news: n uw1 z; few: f y uw1; view: v y uw1; beauty: b y uw1 t iy; beautiful: b y uw1 t ax f ax l; city: s ih1 t iy
pity: p ih1 t iy; finish: f ih1 n ih sh; visit: v ih1 z ax t; limit: l ih1 m ax t; spirit: s p ih1 r ax t
middle: m ih1 d ax l; little: l ih1 t ax l; simple: s ih1 m p ax l; single: s ih1 ng g ax l; ticket: t ih1 k ax t
kitchen: k ih1 ch ax n; kill: k ih1 l; king: k ih1 ng; thing: th ih1 ng; bring: b r ih1 ng; spring: s p r ih1 ng
string: s t r ih1 ng; wing: w ih1 ng; ring: r ih1 ng; sing: s ih1 ng; morning: m ao1 r n ih ng; ceiling: s iy1 l ih ng
during: d uh1 r ih ng; building: b ih1 l d ih ng; wind: w ih1 n d; find: f ay1 n d; kind: k ay1 n d; mind: m ay1 n d
behind: b ih hh ay1 n d; wild: w ay1 l d; die: d ay1; lie: l ay1; tie: t ay1; pie: p ay1; final: f ay1 n ax l
silent: s ay1 l ax n t; silence: s ay1 l ax n s; private: p r ay1 v ax t; pilot: p ay1 l ax t; tiny: t ay1 n iy
giant: jh ay1 ax n t; christmas: k r ih1 s m ax s; school: s k uw1 l; stomach: s t ah1 m ax k; chorus: k ao1 r ax s
echo: eh1 k ow; anchor: ae1 ng k er; character: k eh1 r ax k t er; chef: sh eh1 f; chaos: k ey1 aa s
choir: k w ay1 er; ache: ey1 k; headache: hh eh1 d ey k; special: s p eh1 sh ax l; social: s ow1 sh ax l
issue: ih1 sh uw; tissue: t ih1 sh uw; question: k w eh1 s ch ax n; bicycle: b ay1 s ax k ax l; scissors: s ih1 z er z
dozen: d ah1 z ax n; prison: p r ih1 z ax n; poison: p oy1 z ax n; season: s iy1 z ax n; lesson: l eh1 s ax n
husband: hh ah1 z b ax n d; wednesday: w eh1 n z d ey; tuesday: t uw1 z d ey; thursday: th er1 z d ey
saturday: s ae1 t er d ey; february: f eh1 b r uw eh r iy; breakfast: b r eh1 k f ax s t; cupboard: k ah1 b er d
vegetable: v eh1 jh t ax b ax l; chocolate: ch aa1 k l ax t; comfortable: k ah1 m f t er b ax l
restaurant: r eh1 s t er aa n t; favourite: f ey1 v r ax t; favorite: f ey1 v r ax t; different: d ih1 f r ax n t
difference: d ih1 f r ax n s; hundred: hh ah1 n d r ax d; thousand: th aw1 z ax n d; million: m ih1 l y ax n
billion: b ih1 l y ax n; twelve: t w eh1 l v; twenty: t w eh1 n t iy; thirty: th er1 t iy; forty: f ao1 r t iy
fifth: f ih1 f th; third: th er1 d; first: f er1 s t; mr: m ih1 s t er; mrs: m ih1 s ax z; dr: d aa1 k t er
okay: ow k ey1; ok: ow k ey1; yes: y eh1 s; oh: ow1; ah: aa1; hmm: hh ah1 m; shh: sh ih1; hi: hh ay1; hey: hh ey1
bye: b ay1; obama: ow b aa1 m ax; atelier: ae t ax l y ey1; puppet: p ah1 p ax t; lips: l ih1 p s; voice: v oy1 s
don't: d ow1 n t; won't: w ow1 n t; can't: k ae1 n t; i'm: ay1 m; it's: ih1 t s; he's: hh iy1 z; she's: sh iy1 z
that's: dh ae1 t s; what's: w ah1 t s; let's: l eh1 t s; there's: dh eh1 r z; i've: ay1 v; i'll: ay1 l
you're: y uh1 r; we're: w ih1 r; they're: dh eh1 r; isn't: ih1 z ax n t; wasn't: w aa1 z ax n t
doesn't: d ah1 z ax n t; didn't: d ih1 d ax n t; couldn't: k uh1 d ax n t; aren't: aa1 r ax n t
nineteen: n ay n t iy1 n; thirteen: th er t iy1 n; fourteen: f ao r t iy1 n; fifteen: f ih f t iy1 n
sixteen: s ih k s t iy1 n; seventeen: s eh v ax n t iy1 n; eighteen: ey t iy1 n; ninety: n ay1 n t iy
eighty: ey1 t iy; fifty: f ih1 f t iy; minus: m ay1 n ax s; cafe: k ae f ey1; naive: n aa iy1 v
photograph: f ow1 t ax g r ae f; eighth: ey1 t th; mister: m ih1 s t er; missus: m ih1 s ax z; et: eh t
cetera: s eh1 t er ax; percent: p er s eh1 n t; trillion: t r ih1 l y ax n; agent: ey1 jh ax n t
banana: b ax n ae1 n ax; basic: b ey1 s ih k; basis: b ey1 s ax s; beyond: b iy aa1 n d; collect: k ax l eh1 k t
conclude: k ax n k l uw1 d; control: k ax n t r ow1 l; confirm: k ax n f er1 m; connect: k ax n eh1 k t
consider: k ax n s ih1 d er; contain: k ax n t ey1 n; complete: k ax m p l iy1 t; complain: k ax m p l ey1 n
cure: k y uh1 r; pure: p y uh1 r; diet: d ay1 ax t; direct: d er eh1 k t; effect: ih f eh1 k t; effort: eh1 f er t
elect: ih l eh1 k t; electric: ih l eh1 k t r ih k; event: ih v eh1 n t; exercise: eh1 k s er s ay z
eyebrow: ay1 b r aw; flour: f l aw1 er; sour: s aw1 er; fortune: f ao1 r ch ax n; forward: f ao1 r w er d
backward: b ae1 k w er d; toward: t ax w ao1 r d; giraffe: jh er ae1 f; guard: g aa1 r d; guitar: g ih t aa1 r
heir: eh1 r; honey: hh ah1 n iy; icon: ay1 k aa n; income: ih1 n k ah m; ivory: ay1 v r iy; junior: jh uw1 n y er
senior: s iy1 n y er; lawyer: l oy1 er; lettuce: l eh1 t ax s; luxury: l ah1 k sh er iy; master: m ae1 s t er
native: n ey1 t ih v; obey: ow b ey1; onion: ah1 n y ax n; opera: aa1 p r ax; pajama: p ax jh aa1 m ax
patrol: p ax t r ow1 l; pizza: p iy1 t s ax; potato: p ax t ey1 t ow; tomato: t ax m ey1 t ow; radar: r ey1 d aa r
react: r iy ae1 k t; reality: r iy ae1 l ax t iy; recipe: r eh1 s ax p iy; record: r eh1 k er d
regular: r eh1 g y ax l er; reply: r ih p l ay1; supply: s ax p l ay1; apply: ax p l ay1; return: r ih t er1 n
review: r ih v y uw1; reward: r ih w ao1 r d; secret: s iy1 k r ax t; select: s ax l eh1 k t; soldier: s ow1 l jh er
suggest: s ax jh eh1 s t; vacuum: v ae1 k y uw m; wallet: w aa1 l ax t; walnut: w ao1 l n ah t; wicked: w ih1 k ax d
naked: n ey1 k ax d; azure: ae1 zh er; mirage: m er aa1 zh; unusual: ah n y uw1 zh uw ax l; protest: p r ow1 t eh s t
protect: p r ax t eh1 k t; develop: d ih v eh1 l ax p; economy: ih k aa1 n ax m iy
technology: t eh k n aa1 l ax jh iy; democracy: d ih m aa1 k r ax s iy; fellow: f eh1 l ow; citizen: s ih1 t ax z ax n
community: k ax m y uw1 n ax t iy; security: s ax k y uh1 r ax t iy; opportunity: aa p er t uw1 n ax t iy
congress: k aa1 ng g r ax s; economic: eh k ax n aa1 m ih k; education: eh jh ax k ey1 sh ax n
january: jh ae1 n y uw eh r iy; july: jh uh l ay1; june: jh uw1 n; august: ao1 g ax s t
september: s eh p t eh1 m b er; october: aa k t ow1 b er; november: n ow v eh1 m b er; sunday: s ah1 n d ey
friday: f r ay1 d ey; television: t eh1 l ax v ih zh ax n; paragraph: p eh1 r ax g r ae f
machinery: m ax sh iy1 n er iy; learned: l er1 n d; gentle: jh eh1 n t ax l; believe: b ih l iy1 v
receive: r ih s iy1 v; because: b ih k ao1 z; before: b ih f ao1 r; between: b ih t w iy1 n; always: ao1 l w ey z
almost: ao1 l m ow s t; already: ao l r eh1 d iy; themselves: dh ax m s eh1 l v z; himself: hh ih m s eh1 l f
myself: m ay s eh1 l f; yourself: y er s eh1 l f; perhaps: p er hh ae1 p s; whatever: w ah t eh1 v er
however: hh aw eh1 v er; yet: y eh1 t; sentence: s eh1 n t ax n s; whisper: w ih1 s p er; for: f ao1 r; or: ao1 r
nor: n ao1 r; nobody: n ow1 b aa d iy; longest: l ao1 ng g ax s t; youngest: y ah1 ng g ax s t
strongest: s t r ao1 ng g ax s t; compute: k ax m p y uw1 t; courtyard: k ao1 r t y aa r d; harbour: hh aa1 r b er
harbor: hh aa1 r b er; awake: ax w ey1 k; award: ax w ao1 r d; aware: ax w eh1 r
"""
_WEAK = """
a an the and of to in is it as at by for from or but if than that this was were are be been has have had his her him
them us you he she we me my your our can could would should will with into on am do does did so some its their there
"""

_LETTERS = """
a: ey1; b: b iy1; c: s iy1; d: d iy1; e: iy1; f: eh1 f; g: jh iy1; h: ey1 ch; i: ay1; j: jh ey1; k: k ey1; l: eh1 l
m: eh1 m; n: eh1 n; o: ow1; p: p iy1; q: k y uw1; r: aa1 r; s: eh1 s; t: t iy1; u: y uw1; v: v iy1
w: d ah1 b ax l y uw; x: eh1 k s; y: w ay1; z: z iy1
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.split(":", 1) for line in text.splitlines() for entry in line.split(";") if entry.strip())
    return {word.strip(): tuple(phones.split()) for word, phones in entries}


LETTERS = _table(_LETTERS)
WEAK = frozenset(_WEAK.split())
EXCEPTIONS = _table(_EXCEPTIONS)
