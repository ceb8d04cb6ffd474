"""What every paper declares: facts, knobs, presets, the types of its views and actions, its claims.

Pure data. The parameter panel, the command line, the validation errors, preset files and checkpoints are all
made from these declarations, so nothing is declared twice. Neither torch nor Qt is imported here.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

P = TypeVar("P", bound="Params")
KnobKind = Literal["number", "integer", "switch", "choice", "text", "path"]


def knob(
    default: Any,
    *,
    help: str,
    group: str,
    label: str = "",
    symbol: str = "",
    unit: str = "",
    lo: float | None = None,
    hi: float | None = None,
    log: bool = False,
    live: bool = False,
    when: Mapping[str, tuple[Any, ...]] | None = None,
) -> Any:
    """Declares one parameter: a pydantic field with what the form, the command line and the errors need.

    help: one line. group: heading in the panel. label: name on screen (default: the field's name in words).
    symbol: the paper's symbol (plain Unicode). unit: e.g. "ms". lo, hi: inclusive range. log: slider in decades
    (needs lo > 0). live: may change while training; otherwise a reset is needed. when: shown only while other
    fields have one of the given values, e.g. ``{"task": ("digits", "mnist")}``.
    """
    if log and (lo is None or lo <= 0):
        raise ValueError(f"a logarithmic knob needs lo > 0, got {lo}")
    extra: dict[str, Any] = {
        "group": group,
        "label": label,
        "symbol": symbol,
        "unit": unit,
        "log": log,
        "live": live,
        "when": {k: list(v) for k, v in (when or {}).items()},
    }
    return Field(default, ge=lo, le=hi, description=help, json_schema_extra=extra)


class Params(BaseModel):
    """Base of every paper's parameters: immutable, unknown names refused, non-finite numbers refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = knob(
        0, lo=0, hi=2**31 - 1, group="Run", help="Seed of every random stream; the same seed repeats the run."
    )

    def with_changes(self, **changes: Any) -> Self:
        """A validated copy. Raises `ParameterError` naming each bad knob, its value and its range."""
        return validate(type(self), {**self.model_dump(), **changes})


class ParameterError(ValueError):
    """A parameter is unknown, of the wrong type or out of range; the text names each and says what is allowed."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One parameter as the form and the command line see it. lo, hi inclusive, None where unbounded."""

    name: str
    label: str
    symbol: str
    help: str
    group: str
    unit: str
    kind: KnobKind
    default: Any
    lo: float | None
    hi: float | None
    log: bool
    live: bool
    choices: tuple[str, ...]
    when: Mapping[str, tuple[Any, ...]]

    def range_text(self) -> str:
        """What is allowed, in words: ``0.0001 to 1``, ``one of random, learned``, ``on or off``."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "switch":
            return "on or off"
        if self.lo is not None and self.hi is not None:
            return f"{self.lo:g} to {self.hi:g}{' ' + self.unit if self.unit else ''}"
        if self.lo is not None:
            return f"at least {self.lo:g}"
        return f"at most {self.hi:g}" if self.hi is not None else "any value"


def knobs(params: type[Params]) -> tuple[Knob, ...]:
    """Every parameter of a paper in the order of declaration, `Run` (seed) last."""
    described = [_describe(name, info) for name, info in params.model_fields.items()]
    return tuple(k for k in described if k.group != "Run") + tuple(k for k in described if k.group == "Run")


def live_knobs(params: type[Params]) -> frozenset[str]:
    """Names of the parameters that may change while training."""
    return frozenset(k.name for k in knobs(params) if k.live)


def validate(params: type[P], values: Mapping[str, Any]) -> P:
    """Builds parameters from plain values (form, file, command line: numbers may be text).

    Raises `ParameterError` with one line for each fault: the name, the value and the allowed range.
    """
    try:
        return params.model_validate(dict(values))
    except ValidationError as error:
        known = {k.name: k for k in knobs(params)}
        raise ParameterError("\n".join(_fault(e, known) for e in error.errors())) from None


def _fault(error: Any, known: Mapping[str, Knob]) -> str:
    name = str(error["loc"][0]) if error["loc"] else "parameters"
    if error["type"] == "extra_forbidden":
        near = ", ".join(sorted(known))
        return f"{name}: there is no such parameter. Parameters: {near}"
    if name in known:
        return f"{name} = {error['input']!r}: allowed is {known[name].range_text()}"
    return f"{name}: {error['msg']}"


def _describe(name: str, info: FieldInfo) -> Knob:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    lo = next((float(m.ge) for m in info.metadata if hasattr(m, "ge")), None)
    hi = next((float(m.le) for m in info.metadata if hasattr(m, "le")), None)
    kind, choices = _kind(info.annotation)
    default = None if info.default is PydanticUndefined else info.default
    when: Any = extra.get("when", {})
    return Knob(
        name=name,
        label=str(extra.get("label") or name.replace("_", " ")),
        symbol=str(extra.get("symbol", "")),
        help=info.description or "",
        group=str(extra.get("group", "")),
        unit=str(extra.get("unit", "")),
        kind=kind,
        default=default,
        lo=lo,
        hi=hi,
        log=bool(extra.get("log", False)),
        live=bool(extra.get("live", False)),
        choices=choices,
        when={k: tuple(v) for k, v in when.items()},
    )


def _kind(annotation: Any) -> tuple[KnobKind, tuple[str, ...]]:
    if typing.get_origin(annotation) is Literal:
        return "choice", tuple(str(a) for a in typing.get_args(annotation))
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    if annotation is bool:
        return "switch", ()
    if annotation is int:
        return "integer", ()
    if annotation is float:
        return "number", ()
    return ("path", ()) if getattr(annotation, "__name__", "") == "Path" else ("text", ())


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed governor of a preset: `slow` updates/s for the first `until` updates, then up to `fast`.

    fast = inf means as fast as the machine goes. Between `until` and `2*until` the rate ramps geometrically
    (to 20x slow, then released), so that the eye is not left behind.
    """

    slow: float = math.inf
    until: int = 0
    fast: float = math.inf

    def rate_at(self, step: int) -> float:
        """Updates per second allowed at this step."""
        if step < self.until:
            return self.slow
        if self.until and step < 2 * self.until:
            return float(min(self.fast, self.slow * 20.0 ** ((step - self.until) / self.until)))
        return self.fast


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of parameters, in the order a newcomer should try them.

    values: overrides of the defaults. cpu_time, gpu_time: what to expect on 2 CPU cores / on a GPU, in words
    ("not measured" where it was not). memory: expected peak of the engine process. threads: torch threads.
    goal: what to look at, one sentence. steps: updates after which progress shows 100 %.
    needs: data set name this preset needs from the user or a download ("" for none).
    """

    id: str
    title: str
    goal: str
    values: Mapping[str, Any]
    steps: int
    cpu_time: str
    gpu_time: str
    memory: str
    threads: int = 1
    pace: Pace = field(default_factory=Pace)
    needs: str = ""


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """One thing that can be watched. query: argument dataclass (None: no argument). payload: what arrives.

    rate: most frames a second that make sense for it (never above 30). animated: moves by itself, also while
    training is paused (a simulation of its own); the others are sent again only when something changed.
    """

    name: str
    payload: type
    query: type | None = None
    rate: float = 30.0
    animated: bool = False


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One gesture that is answered. arguments and result are frozen dataclasses of numpy arrays and plain values.

    partial: type of the intermediate results of a long action (None: answers at once). alters: this gesture changes
    the training state (a repair, a lesion); it is then recorded as a mark on the curves.
    """

    name: str
    arguments: type
    result: type
    partial: type | None = None
    alters: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """One scalar that `step()` returns, as the plots label it. colour: a meaning of the theme file.

    role: `headline` is the curve of the rail and the run library; `better` tells whether up or down is good.
    axis: curves with the same axis share a plot.
    """

    name: str
    label: str
    axis: str
    unit: str = ""
    colour: str = "model"
    log: bool = False
    headline: bool = False
    better: Literal["up", "down", ""] = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the paper asserts. reported: the paper's own figure in words. source: where it stands in the paper."""

    id: str
    statement: str
    reported: str
    source: str


@dataclass(frozen=True, slots=True)
class Paper:
    """All that the window, the command line and the engine agree on about one paper.

    params is None while the paper is not built yet: the rail then shows its claim and says so.
    """

    name: str
    title: str
    short_title: str
    authors: str
    year: int
    arxiv: str
    claim: str
    group: str
    centrepiece: str
    params: type[Params] | None = None
    presets: tuple[Preset, ...] = ()
    curves: tuple[Curve, ...] = ()
    views: tuple[ViewSpec, ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    claims: tuple[Claim, ...] = ()
    phases: tuple[str, ...] = ()

    format: ClassVar[int] = 1

    @property
    def built(self) -> bool:
        """Whether there is something to run."""
        return self.params is not None

    @property
    def link(self) -> str:
        """Address of the paper's abstract."""
        return f"https://arxiv.org/abs/{self.arxiv}"

    @property
    def headline(self) -> Curve | None:
        """The curve shown in the rail and the run library."""
        return next((c for c in self.curves if c.headline), None)

    def preset(self, preset_id: str) -> Preset:
        """The preset of this name. Raises `ParameterError` naming those that exist."""
        for preset in self.presets:
            if preset.id == preset_id:
                return preset
        names = ", ".join(p.id for p in self.presets) or "none"
        raise ParameterError(f"{self.name} has no preset {preset_id!r}. Presets: {names}")

    def make_params(self, preset_id: str, changes: Mapping[str, Any] | None = None) -> Params:
        """Parameters of a preset with changes on top. Raises `ParameterError`."""
        if self.params is None:
            raise ParameterError(f"{self.name} is not built yet: there is nothing to run.")
        return validate(self.params, {**self.preset(preset_id).values, **(changes or {})})
