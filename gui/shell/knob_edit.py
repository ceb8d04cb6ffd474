"""One undoable change of parameters; the small steps of one drag become one entry."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtGui import QUndoCommand

_SAME_MOVEMENT_S = 0.7


class KnobEdit(QUndoCommand):
    """old and new values by name; `apply` puts either in force. Edits of the same knobs within 0.7 s are one."""

    def __init__(
        self, apply: Callable[[Mapping[str, Any]], None], old: Mapping[str, Any], new: Mapping[str, Any], text: str
    ) -> None:
        super().__init__(text)
        self._apply, self._old, self._new = apply, dict(old), dict(new)
        self._at = time.monotonic()

    def id(self) -> int:
        """Qt asks for a merge when this is equal."""
        return hash(tuple(sorted(self._new))) & 0x3FFFFFFF

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over the newer values of the same movement."""
        if not isinstance(other, KnobEdit) or set(other._new) != set(self._new):
            return False
        if other._at - self._at > _SAME_MOVEMENT_S:
            return False
        self._new, self._at = other._new, other._at
        return True

    def redo(self) -> None:
        """Put the new values in force."""
        self._apply(self._new)

    def undo(self) -> None:
        """Put the old values back."""
        self._apply(self._old)
