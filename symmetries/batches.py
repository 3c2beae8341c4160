"""Types of whole batches: one for a tensor, or mappings and tuples of them, as the batch is nested.

A tensor holds samples along its first axis and a feature vector along its last; any axes between,
such as atoms or time steps, number copies of the vector. A vector may also be spread over several
last axes, row-major, as a matrix of type T2 or the pixels of an image are. What has no type (None,
``"none"``), and every mask or index that the types do not name, is left alone.

Example:
    >>> types = read_types({"pos": "T1", "charge": "T0", "mask": None})
    >>> batch = {"pos": torch.ones(2, 5, 3), "charge": torch.ones(2, 5, 1), "mask": None}
    >>> flip = -torch.eye(3, dtype=torch.float64)
    >>> float(transform(types, batch, flip)["pos"].max())
    -1.0
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from softsym.symmetries.elements import Element, Space, space_of, unsqueeze, whole_dim
from softsym.symmetries.group import Group
from softsym.symmetries.parsing import rep
from softsym.symmetries.representations import Rep, Sum, T, direct_sum

Types = Rep | None | Mapping[str, "Types"] | tuple["Types", ...]
"""What a batch holds: a type for each tensor, in the nesting of the batch."""

Act = Callable[[Rep, Tensor], Tensor]


class Leaf(NamedTuple):
    """One typed tensor of a batch.

    Attributes:
        path: Where it is, such as ``inputs.pos``.
        rep: Its type.
        vectors: Its vectors, (n, copies, size).
    """

    path: str
    rep: Rep
    vectors: Tensor

    @property
    def flat_rep(self) -> Rep:
        """The type of all copies, laid end to end."""
        return direct_sum([(self.vectors.shape[1], self.rep)])

    def moved(self, g: Element, rows: Tensor) -> Tensor:
        """Vectors of some rows (m,), each moved by its own element (m, d, d), in float64."""
        return self.rep.act(unsqueeze(g, 1), self.vectors[rows].double())


def read_types(given: Any) -> Types:
    """Reads types from text, mappings and sequences; ``None`` and ``"none"`` are no type.

    Raises:
        ValueError: If a text is not understood; the message names its key.
    """
    if given is None or given == "none":
        return None
    if isinstance(given, Mapping):
        return {str(key): _read_part(key, part) for key, part in given.items()}
    if isinstance(given, list | tuple):
        return tuple(_read_part(place, part) for place, part in enumerate(given))
    return rep(given)


def _read_part(key: Any, part: Any) -> Types:
    try:
        return read_types(part)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def over(types: Types, G: Group) -> Types:
    """The types for a group, see :meth:`Rep.over`.

    Raises:
        ValueError: If one is a type of another group.
    """
    if isinstance(types, Mapping):
        return {key: over(part, G) for key, part in types.items()}
    if isinstance(types, tuple):
        return tuple(over(part, G) for part in types)
    return None if types is None else types.over(G)


def reps(types: Types) -> list[Rep]:
    """All types, in order."""
    if isinstance(types, Rep):
        return [types]
    parts = types.values() if isinstance(types, Mapping) else types or ()
    return [R for part in parts for R in reps(part)]


def is_typed(types: Types) -> bool:
    """Whether there is any type among them."""
    return bool(reps(types))


def transform(
    types: Types, batch: Any, g: Element, rows: Tensor | None = None, what: str = "inputs"
) -> Any:
    """Moves a batch by elements of a group; the action is computed in float64.

    Args:
        types: Its types, over the group.
        batch: Tensors (n, ..., size), nested like the types.
        g: An element (d, d) for all samples, or one for each, (n, d, d).
        rows: Samples (m,) that are moved, by elements (m, d, d); all by default.
        what: Name of the batch in messages.

    Returns:
        The moved batch, in the precision of the given one.

    Raises:
        ValueError: If a key is missing or a tensor does not fit its type.
    """

    def act(R: Rep, v: Tensor) -> Tensor:
        return R.act(g if v.ndim == 2 else unsqueeze(g, 1), v)

    return _moved(types, batch, act, space_of(g), rows, what)


def transform_derivative(types: Types, batch: Any, A: Element, what: str = "inputs") -> Any:
    """The derivative of :func:`transform` at the identity along A (d, d) or (n, d, d)."""

    def act(R: Rep, v: Tensor) -> Tensor:
        return R.act_derivative(A if v.ndim == 2 else unsqueeze(A, 1), v)

    return _moved(types, batch, act, space_of(A), None, what, torch.zeros_like)


def leaves(types: Types, batch: Any, space: Space, what: str = "inputs") -> list[Leaf]:
    """The typed tensors of a batch, in the order of the types.

    Raises:
        ValueError: If a key is missing or a tensor does not fit its type.
    """
    return [
        Leaf(path, R, require_tensor(R, v, space, path).reshape(len(v), -1, R.size(space)))
        for path, R, v in _walk(types, batch, what)
    ]


def flattened(types: Types, batch: Any, space: Space, what: str = "inputs") -> tuple[Rep, Tensor]:
    """All typed vectors of a batch as one, (n, size), and its type.

    Raises:
        ValueError: If a tensor does not fit its type, or they hold different numbers of samples.
    """
    found = leaves(types, batch, space, what)
    counts = {leaf.path: len(leaf.vectors) for leaf in found}
    if len(set(counts.values())) != 1:
        raise ValueError(
            f"The {what} hold different numbers of samples along the first axis: {counts}."
            if counts
            else f"No tensor of the {what} has a type."
        )
    vectors = torch.cat([leaf.vectors.flatten(1) for leaf in found], 1)
    return direct_sum([(1, leaf.flat_rep) for leaf in found]), vectors


def with_vectors(types: Types, batch: Any, vectors: Tensor, what: str = "inputs") -> Any:
    """The batch with its typed tensors taken from vectors (n, size), as :func:`flattened` lays."""
    start = 0

    def replaced(_: Rep, v: Tensor, __: str) -> Tensor:
        nonlocal start
        stop = start + prod(v.shape[1:])
        part, start = vectors[:, start:stop], stop
        return part.reshape(len(vectors), *v.shape[1:]).to(v.dtype)

    return _mapped(replaced, types, batch, what)


def tensors(batch: Any) -> Iterator[Tensor]:
    """All tensors of a batch, however it is nested."""
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, Mapping | list | tuple):
        for part in batch.values() if isinstance(batch, Mapping) else batch:
            yield from tensors(part)


def typed_tensors(types: Types, batch: Any, what: str = "inputs") -> list[Any]:
    """What a batch holds at the places of its types, in their order, whatever its shape is.

    Raises:
        ValueError: If a key is missing.
    """
    return [v for _, _, v in _walk(types, batch, what)]


def sample_count(batch: Any, types: Types = None) -> int:
    """Number of samples: the length of the first tensor, of those that have a type if any has."""
    typed = (v for _, _, v in _walk(types, batch, "batch") if isinstance(v, Tensor))
    return next((len(v) for v in (typed if is_typed(types) else tensors(batch))), 0)


def require_tensor(R: Rep, v: Any, space: Space, path: str) -> Tensor:
    """Returns a tensor whose last axes hold vectors of a type.

    Raises:
        ValueError: If it is none, or they do not fit.
    """
    if not isinstance(v, Tensor):
        given = f"a mapping with {', '.join(v)}" if isinstance(v, Mapping) else type(v).__name__
        raise ValueError(
            f"{path} has the one type {R}, but is {given}. Give a mapping or a tuple of types, as "
            "the batch is nested, or none where nothing moves."
        )
    size = R.size(space)
    trailing = [prod(v.shape[axis:]) for axis in range(1, v.ndim)]
    if size not in trailing:
        hint = f" Add the last axis: {path}[..., None]." if size == 1 else ""
        raise ValueError(
            f"{path} has the type {str(R)!r}, {size} numbers over R^{whole_dim(space)}, in its "
            f"last axis (or axes) behind the samples; got the shape {tuple(v.shape)}.{hint}"
        )
    if not v.is_floating_point() and not is_invariant(R):
        raise ValueError(
            f"{path} has the type {str(R)!r} but holds {v.dtype}, which no group element moves. "
            "Convert it by .float(), or give it no type."
        )
    return v


def is_invariant(R: Rep) -> bool:
    """Whether a type holds scalars alone."""
    parts = [part for _, part in R.terms] if isinstance(R, Sum) else [R]
    return all(part == T(0) for part in parts)


def _moved(
    types: Types,
    batch: Any,
    act: Act,
    space: Space,
    rows: Tensor | None,
    what: str,
    unmoved: Callable[[Tensor], Tensor] | None = None,
) -> Any:
    def moved(R: Rep, given: Any, path: str) -> Tensor:
        v = require_tensor(R, given, space, path)
        if not v.is_floating_point():
            return v if unmoved is None else unmoved(v)
        chosen = v if rows is None else v[rows]
        size = R.size(space)
        flat = chosen.double()
        # a plain table needs no axis of copies
        flat = flat if flat.shape[1:] == (size,) else flat.reshape(len(flat), -1, size)
        new = act(R, flat).reshape(chosen.shape).to(v.dtype)
        return new if rows is None else v.index_copy(0, rows, new)

    return _mapped(moved, types, batch, what)


def _mapped(f: Callable[[Rep, Any, str], Tensor], types: Types, batch: Any, path: str) -> Any:
    """The batch with its typed tensors replaced."""
    if types is None:
        return batch
    if isinstance(types, Rep):
        return f(types, batch, path)
    parts = {k: _mapped(f, part, batch[k], f"{path}.{k}") for k, part in _parts(types, batch, path)}
    if isinstance(batch, Mapping):
        new: Any = copy.copy(batch)
        for key, part in parts.items():
            new[key] = part
        return new
    values = [parts.get(place, part) for place, part in enumerate(batch)]
    return type(batch)(*values) if hasattr(batch, "_fields") else type(batch)(values)


def _walk(types: Types, batch: Any, path: str) -> Iterator[tuple[str, Rep, Any]]:
    if isinstance(types, Rep):
        yield path, types, batch
    elif types is not None:
        for key, part in _parts(types, batch, path):
            yield from _walk(part, batch[key], f"{path}.{key}")


def _parts(types: Any, batch: Any, path: str) -> list[tuple[Any, Types]]:
    """Keys, or places, and types of the typed parts of one level of a batch.

    Raises:
        ValueError: If the batch is nested otherwise, or holds numbers that the types do not name.
    """
    if not isinstance(types, Mapping):
        if not isinstance(batch, list | tuple) or len(batch) != len(types):
            got = f"{len(batch)} of them" if isinstance(batch, list | tuple) else _kind(batch)
            raise ValueError(f"{path} must be a tuple of {len(types)}, like its types; got {got}.")
        return [(place, part) for place, part in enumerate(types) if part is not None]
    if not isinstance(batch, Mapping):
        raise ValueError(
            f"{path} must be a mapping with {', '.join(types)}, like its types; got {_kind(batch)}."
        )
    needed = [(key, part) for key, part in types.items() if is_typed(part)]
    for key, _ in needed:
        if key not in batch:
            raise ValueError(f"{path} has no {key!r}; its keys are {', '.join(map(str, batch))}.")
    for key, values in batch.items():
        numbers = isinstance(values, Tensor) and values.is_floating_point()
        if numbers and key not in types:
            raise ValueError(
                f"The types of the {path} do not name {key!r}. Give it a type, or {key}: none if "
                f"no symmetry moves it; named are {', '.join(types)}."
            )
    return needed


def _kind(batch: Any) -> str:
    shape = f" of shape {tuple(batch.shape)}" if isinstance(batch, Tensor) else ""
    return f"{type(batch).__name__}{shape}"
