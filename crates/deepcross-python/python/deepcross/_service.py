"""A service that answers requests for probabilities over HTTP."""

from __future__ import annotations

import os
import secrets
import weakref
from types import TracebackType

import numpy as np

from . import _native
from ._classifier import DeepCrossingClassifier
from ._inference import thread_count
from .errors import ConfigError

__all__ = ["Service", "serve"]


class Service:
    """A service that runs in threads of this process, on the loopback address; `serve` starts it.

    It ends by `stop`, at the end of a ``with`` block, and at the latest when the object is collected or Python ends.

    Attributes
    ----------
    url : str
        The address, such as ``"http://127.0.0.1:40001"``.
    token : str
        The token that requests to ``/v1`` must have, as the header ``Authorization: Bearer TOKEN``.
    """

    url: str
    token: str

    def __init__(self, native: _native.Service, token: str) -> None:
        self.url = f"http://127.0.0.1:{native.port()}"
        self.token = token
        self._native = native
        self._end = weakref.finalize(self, native.stop)

    @property
    def is_running(self) -> bool:
        """Whether the service answers requests."""
        return self._native.is_running()

    @property
    def headers(self) -> dict[str, str]:
        """The header with the token, for a client."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def events(self) -> list[str]:
        """The latest events as sentences, such as warnings about values that are unlike those of training."""
        return self._native.events()

    def stop(self) -> None:
        """Answer the requests in flight, and end; does nothing if the service has ended."""
        self._end()

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<deepcross.Service at {self.url}, {'running' if self.is_running else 'ended'}>"


def serve(
    model: DeepCrossingClassifier | str | os.PathLike[str],
    port: int = 0,
    *,
    token: str | None = None,
    threads: int | None = None,
    absent_as_missing: bool = False,
) -> Service:
    """Start a service for a model, as ``deepcross serve`` does, in threads of this process.

    The page about serving describes its routes. It listens on the loopback address alone: for other machines, use the
    program. Signals are left to Python.

    Parameters
    ----------
    model : DeepCrossingClassifier, str or path
        A trained classifier, which is copied, or the path of a model file, which ``POST /v1/reload`` reads again.
    port : int
        The port; 0 takes a free one.
    token : str, optional
        The token that requests must have; a random one if None.
    threads : int, optional
        The number of threads that score; all processors if None.
    absent_as_missing : bool
        Whether a field that a row does not name is a missing value, instead of an error.

    Returns
    -------
    Service
        The service, which runs.

    Raises
    ------
    ConfigError
        If the port or the token is not allowed.
    ModelFileError
        If the file cannot be read.
    ServiceError
        If the service cannot listen on the port.

    Examples
    --------
    >>> rows, _ = deepcross.simulate(1000)
    >>> model = deepcross.DeepCrossingClassifier(epochs=1, threads=1).fit(rows, "click")
    >>> with deepcross.serve(model, threads=1) as service:
    ...     service.url.startswith("http://127.0.0.1:"), service.is_running
    (True, True)
    """
    if isinstance(port, bool) or not isinstance(port, (int, np.integer)) or not 0 <= port <= 65535:
        raise ConfigError(f"port: expected a number from 0 to 65535, but got {port!r}")
    token = secrets.token_urlsafe(32) if token is None else token
    if not isinstance(token, str):
        raise ConfigError(f"token: expected a text, but got a value of the type {type(token).__name__}")
    if not isinstance(model, (DeepCrossingClassifier, str, os.PathLike)):
        raise ConfigError(f"model: expected a classifier or the path of a model file, but got {model!r}")
    native, path = (model._fitted(), None) if isinstance(model, DeepCrossingClassifier) else (None, model)
    started = _native.Service.start(native, path, int(port), token, thread_count(threads), absent_as_missing)
    return Service(started, token)
