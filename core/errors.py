"""The errors whose message is shown to the user."""

from typing import Any

from core.translation.messages import Message, mark

NONE = Message("none")
"""In place of an enumeration of what there is."""
SYSTEM_REASONS = {
    mark("No such file or directory"),
    mark("Permission denied"),
    mark("Is a directory"),
    mark("Not a directory"),
    mark("File exists"),
    mark("No space left on device"),
    mark("Read-only file system"),
}
"""What the system gives as reason of an ``OSError``, as far as it is translated."""


class SliceScopeError(Exception):
    """An error whose message is one sentence: what is wrong with the input, and what would be accepted.

    As a string it is English, for logs and the command line; ``translated`` says it in the reader's language.

    Args:
        message: the English sentence, with places for the values as ``core.translation.messages.tr`` has them; or a
            message with its values.
        values: by place.
    """

    def __init__(self, message: str | Message, /, **values: Any) -> None:
        super().__init__(message)
        self.message = message if isinstance(message, Message) else Message(message, **_sendable(values))

    def __str__(self) -> str:
        return str(self.message)

    def translated(self) -> str:
        """Return the sentence in the current language."""
        return self.message.translated()


def _sendable(values: dict[str, Any]) -> dict[str, Any]:
    """Return values that another process and a file can take."""
    return {place: _sendable_value(value) for place, value in values.items()}


def _sendable_value(value: Any) -> Any:
    """Return an error's message; of a library's error, which may hold anything, its text."""
    if isinstance(value, SliceScopeError):
        return value.message
    return str(value) if isinstance(value, BaseException) else value


class SliceError(SliceScopeError):
    """A file that cannot be read as a slice."""


class DatasetError(SliceScopeError):
    """A folder of raw files, a store or a slice number that cannot be used."""


class BundleError(SliceScopeError):
    """A bundle that is missing, is incomplete or does not match its card."""


class TrainingError(SliceScopeError):
    """A recipe or a stored training state that cannot be used."""


class MachineError(SliceScopeError):
    """A machine that is not fit for what is asked of it."""


class MetricError(SliceScopeError):
    """An option of a metric, or an input of it, that it does not know."""


class BatchError(SliceScopeError):
    """A source or a folder of a batch that cannot be used."""


class WorkerError(SliceScopeError):
    """A process of its own, which computes with TensorFlow or reads files, has ended or cannot be started."""


def system_reason(error: OSError) -> Message | str:
    """Return why the system refused, without the file's name; to be translated where it is one of the usual reasons."""
    reason = error.strerror or str(error)
    return Message(reason) if reason in SYSTEM_REASONS else reason


def error_message(error: Exception) -> Message:
    """Return the sentence why a file among many has no answer, whatever went wrong."""
    if isinstance(error, SliceScopeError):
        return error.message
    if isinstance(error, OSError):
        return Message("The file cannot be read: {reason}.", reason=system_reason(error))
    if isinstance(error, MemoryError):
        return Message("The machine has not enough memory for the file; analyse fewer at a time.")
    return Message("The program failed on the file ({fault}); please report it.", fault=type(error).__name__)
