"""Ordinary English words of which the training phrases are made, 50 sentences that no training sees, and made-up words.

Written for this project. Together with the words of `obamanet_words` every phone and every stressed vowel occurs often;
made-up words of random syllables bring the neighbours that the list does not have (the page: 150 words in templates
give a voice that fails on new text, 2,300 words in random phrases do not).
"""

from __future__ import annotations

import numpy as np

from engine.data.obamanet_words import EXCEPTIONS, WEAK

_LIST = """
accept acid actor adapt admit adult advice agent alarm album alert alive amaze ample angle ankle apron arch arm army
arrest aspect assist author avoid awake award aware awful bacon badge bake balloon bamboo banana band bank bar bare
bark barn barrel basic basket bat bath battle beach bead beak beam bean beard beast beat beef beep beer beg behave
belief belong bench beside bet beyond bid big bike bill bind bird birth bit bite bitter black blade blame blank
blanket bleed blend bless blind blink block bloom blouse blur board boat boil bold bolt bone bonus boost boot border
bore born borrow bottle bottom bounce bow box boy brain brake branch brand brave breeze brick bride bridge brief
bright brisk broad broom brush bubble bucket bud bug bulk bump bun bunch bundle burn burst bus bush butter button buzz
cab cage cake call camel camp candle candy cap capture car carbon card care cargo carpet carrot carry cart carve cash
cast cat catch cattle cause cave cease celebrate cell cement center central chain chair chalk chance chapter charge
charm chart chase cheap cheat check cheek cheer cherry chess chest chew chicken chief chin chip choice choose chop
church cinema circle claim clap class clay clean clear clerk cliff clock cloud clown club clue coach coal coast coat
code coffee coil coin cold collar collect comic complain complete conclude confirm connect consider contain control
cook cool corn corner cotton couch count couple crab crack craft crash crawl cream creek creep crew crime crisp crop
crowd cruel crush cry cup cure curl current curve cut cycle dad daisy dance dark dart dash date dawn day deal debate
decide deep deer defend degree delay deliver demand deny depend describe desire detail detect develop dial diamond
diet dig dinner direct dirt dish dive doll dollar donkey dot double dragon drain drama draw dream dress drift drill
drink drive drop drum dry duck due dull dump dust duty dwarf each ear ease east easy eat edge effect effort egg eight
elbow elect elephant employ end enjoy enter entire envy error escape event evidence excuse exercise exist expand
expect explain explore express eyebrow fabric face fact factory fade fail faint fair faith fall fan fancy farm fashion
fast fat fate favor fear feast feed feel fence ferry fever fiber fiddle fierce fifty fig fight figure file fill film
filter fine fire firm fish fist fit fix flag flame flash flat flavor flesh flight float flock flood flour fluid flute
fly foam fog fold food fool football force forest forever form fortune forward fossil found fox frame free freeze
fresh frog frown fry fuel fun fund fur fuse gain gallon game gang gap garden garlic gas gate gather gaze gear general
gentle gesture giraffe glad glance glass globe glow glue goal goat gold golf gossip gown grab grace grade grain grand
grant grape graph grass grave gravity green greet grey grill grin grip ground guard guitar gum gun guy habit hair hall
ham hammer hand handle hang happen happy harbor hard harm harvest hat hatch hate haul hawk hay heal heap hear heat
heel heir help hen herb herd hide high hike hill hint hip hit hobby hold hole holiday home honey hood hook hoop hope
horn hose hospital hot hover hug hum humble hunt hurry hurt hut ice icon ignore ill imagine impact imply include
income infant inform injure inner insect insist instant invent invite item ivory jacket jail jam jar jaw jazz jeans
jelly jet jewel job join joke jolly joy judge jump jungle junior junk jury just keen keep kettle key kick kid kite
knee knife knit knock knot lab label labor lace lack ladder lake lamb lamp land lane lantern large laser last late
launch lawn lawyer layer lead leaf leak lean leap least leave left leg lemon lend length lens letter lettuce lid lift
light like limb line link lip liquid list liter loaf loan lobster local lock log lonely look loop lord loud lounge
lucky lumber lunch lung luxury machine mad magnet maid mail main make male mall mango map maple marble march mark
market marry mask mass master match mate math matter maximum maybe mayor meadow meal mean meat media medium meet melon
melt member memory mend mention menu mercy merge merry mess message method mile milk mill mint mirror miss mist mix
moan mob modest moist mom moon moral moss moth motion motor mount mouse movie much mud muffin mug mule muscle mushroom
must mutter myth nail name napkin narrow nasty native navy near neat neck need needle neon nest net network neutral
next nice nickel night nine noble noise noon north note novel nurse nut oak oat obey object occur odd offer oil old
olive onion opera orbit order organ other otter ounce outside owl owner oyster ozone pack page pain paint pair pajama
pan panel panic pants parade parcel pardon parent park parrot part party pass past pasta paste patch path patrol
pattern pause pay pea peace peach peak peanut pebble pen pencil penguin penny pepper perform perhaps permit pet phone
phrase pick picnic picture piece pig pile pill pillow pin pine pink pipe pirate pizza place plain plan plane plant
plastic plate play plaza pleasure plot plug plum plus pocket point polar pole polish polite pond pony pool pop porch
port potato pound pour powder practical praise pray press price pride priest prime prince print prize profit prompt
proof protect proud pudding puddle pulse pump punch pupil puppy pure purple push puzzle quack queen quest quick quiet
quilt quit quite quiz quote rabbit race rack radar raft rail rain raise rake ranch rank rare rat rate raven raw ray
razor reach react reader rebel recall receive recipe record reduce refer reflect refuse regret regular relax rely
remain remark remember remind remove rent repair repeat reply report rescue respect result return reveal review reward
rhyme rhythm ribbon rice rich ride rifle right rigid rinse rise risk rival road roar roast robe rock rocket rod role
roll roof room root rope rose rotten round row royal rub rubber rude rug ruin rule run rush rust sack sad saddle safe
sail saint sake salt same sand satin sauce save saw scale scan scar scarf scatter scene scent scheme scholar score
scout scream screen screw script sea seal search seat secret section seed seek seem select sell send senior sentence
serve set settle shade shake shallow shame shape share shark sharp shave shed sheep sheet shelf shell shelter shield
shift shine ship shirt shock shoot shop shore short shot shout shrimp shrink shut shy sick side sight silk silly
silver sink sip sister sit site six size skate sketch ski skill skin skip skirt sky slam sleep sleeve slice slide slim
slip slope small smart smell smile smoke smooth snack snail snake sneeze soap sober soccer sock soda sofa soil solar
soldier solid solve sonic soon sore sort sound sour space spare spark speak spear speech speed spell spend spice
spider spill spin splash split spoil sponge spoon sport spot spray square squeeze stable stadium staff stage stain
stair stamp stand star stare start state station statue stay steal steam steel steep stem step stick stiff still sting
stir stock stone stool stop store story stove straight strap straw stream street stress stretch strict stride strike
strip stroke struggle stuff style submit sudden suffer suggest summit sun sunny sunset surf survey swallow swamp swap
swear sweep sweet swell swift swim swing switch symbol system tackle tail take tale tall tame tank tap tape task taste
tax tea teach team tease teeth tell temper temple ten tend tennis tense tent term test text thank thaw theme theory
thick thief thigh thin thirst thorn threat thrill throat throne thumb thunder ticket tide tidy tight tile timber time
tip tire title toad toast toilet tomato tone tool tooth top topic torch toss tough tour towel toy trace track trade
trail train trap trash tray treat tree tremble trend trial tribe trick trim trip truck trumpet trunk trust try tube
tuna tunnel turkey turn turtle twin twist type ugly umbrella unhappy uniform unite unusual update upper upset urban
urge usher vacuum vague valid value van vanilla vapor various vast vault vegetarian veil vein velvet vendor venture
verb verse vessel vest veteran vibrate victim victory vine violin virus visible visual vital vivid vocal void volcano
volume vote vowel wade wage wagon wait wake wall wallet walnut warn waste wave wax way weak weapon weave web wedding
weed week weep welcome west wet whale wheat wheel whip whisper whistle white wicked wide wife win window wine winner
winter wipe wire wise wish witness wizard wolf worm wrap wreck wrist write yard yarn yawn yell yellow yesterday yet
yield yogurt zebra zinc zip zone zoo azure leisure casual collision closure exposure division decision explosion
invasion mirage joyful moisture destroy loyal annoy soy hoist
"""
SENTENCES = tuple(
    line.strip()
    for line in """
The puppet in the corner has something to tell you.
Nobody wrote this sentence before, and still it is spoken.
A careful engineer measures twice and cuts only once.
Please leave the window open when the evening is warm.
My neighbours planted seven cherry trees behind the church.
She wondered why the clockwork bird refused to sing.
The train from the north arrives at a quarter past nine.
We watched the fishing boats return through heavy fog.
Is there any chance that it will rain this afternoon?
His younger sister plays the violin better than he does.
Fresh bread and strong coffee make a decent breakfast.
The museum keeps a huge collection of broken watches.
I would rather walk than wait for another crowded bus.
Every voice has a shape, and every shape can be drawn.
They shouted with joy when the judge announced the prize.
Could you bring me the small green box from the shelf?
The valley was quiet except for a single barking dog.
Good ideas often arrive while you are washing the dishes.
An old map showed the way across the frozen lake.
Television changed how people spend their free time.
The lawyer asked for a short pause and a glass of water.
Five thousand candles lit the square that night.
Nothing is as practical as a good theory, said the teacher.
The usual road is closed, so we must drive around the hill.
Do you measure pleasure in hours or in moments?
Purple clouds gathered above the harbour before the storm.
A robot without purpose is only expensive furniture.
The baker's youngest boy fell asleep under the table.
Hard work and good luck look very much alike from far away.
We found a strange coin beneath the kitchen floor.
The queen of the bees never leaves her golden palace.
Thank you for listening to a voice that was never born.
Which of these three keys opens the garden gate?
The chef threw a pinch of salt into the boiling soup.
Music from the upper floor filled the empty courtyard.
A thin layer of ice covered the edge of the pond.
The jury could not agree, so the judge sent them home.
Both thieves vanished into the thick smoke.
Children enjoy stories about dragons and brave mice.
The machine learned to read before it learned to speak.
Put the yellow umbrella beside the door, would you?
Their journey began with a missing shoe and a map.
The weather report promised sunshine for the weekend.
He counted backwards from twenty and closed his eyes.
Old photographs fade, but the memory stays bright.
The engine coughed twice, shook, and finally started.
What you hear now was computed a moment ago.
Snow covered the roofs, the fences and the quiet streets.
She chose the longest path because of the view.
That is the end of the story, at least for today!
""".strip().splitlines()
)
_ONSETS = (
    *(
        "p",
        "b",
        "t",
        "d",
        "k",
        "g",
        "ch",
        "jh",
        "f",
        "v",
        "th",
        "dh",
        "s",
        "z",
        "sh",
        "zh",
        "hh",
        "m",
        "n",
        "l",
        "r",
        "w",
        "y",
    ),
    *(
        "p r",
        "b l",
        "t r",
        "d r",
        "k l",
        "g r",
        "f l",
        "s t",
        "s p",
        "s k",
        "s l",
        "s n",
        "k w",
        "t w",
        "th r",
        "s t r",
        "",
    ),
)
_CODAS = (
    *("p", "b", "t", "d", "k", "g", "ch", "jh", "f", "v", "th", "s", "z", "sh", "zh", "m", "n", "ng", "l", "r", ""),
    *("n t", "n d", "s t", "m p", "ng k", "l d", "k s", "r d", "r t", "f t", "n z", "t s", "", ""),
)
_NUCLEI = ("iy", "ih", "eh", "ae", "aa", "ao", "ah", "uh", "uw", "er", "ay", "aw", "oy", "ey", "ow")
_LIGHT = ("ax", "ih", "iy", "er", "ow")

WORDS = tuple(dict.fromkeys([*_LIST.split(), *(word for word in EXCEPTIONS if len(word) > 1 and word not in WEAK)]))
SMALL_WORDS = (*sorted(word for word in WEAK if len(word) > 1), "a")


def made_up(random: np.random.Generator) -> tuple[str, ...]:
    """The phones of a word that does not exist: one stressed syllable, often a light one beside it."""

    def pick(table: tuple[str, ...]) -> list[str]:
        return table[int(random.integers(len(table)))].split()

    stressed = [*pick(_ONSETS), pick(_NUCLEI)[0] + "1", *pick(_CODAS)]
    if random.random() < 0.5:
        return tuple(stressed)
    light = [*pick(_ONSETS[:23]), *pick(_LIGHT)]
    return tuple(light + stressed if random.random() < 0.35 else stressed + light)
