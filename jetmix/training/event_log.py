"""Logs for TensorBoard: one event file with the figures of every epoch.

Written with TensorFlow's own summary writer, on either backend. Keras' callback would need the
package of TensorBoard itself, which only reading the logs takes.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from jetmix.errors import ToolMissingError, UsageError

# column of the history to the name shown; names before a slash share a section
TAGS = {
    "loss": "loss/train",
    "val_loss": "loss/validation",
    "val_target_loss": "loss/validation_targets",
    "val_accuracy": "accuracy/validation",
    "ebops": "size/EBOPs",
    "lut": "size/LUT",
    "beta": "schedule/beta",
    "learning_rate": "schedule/learning_rate",
    "seconds": "speed/seconds_per_epoch",
}


class EventLog:
    """Appends the rows of a training's history to a new event file in ``folder``.

    Args:
        folder: made if it does not exist; several runs may have folders side by side.

    Raises:
        ToolMissingError: if TensorFlow is not installed.
        UsageError: if the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        check_event_log(folder)
        import keras
        import tensorflow as tf

        if keras.backend.backend() != "tensorflow":
            # the devices belong to the other backend
            tf.config.set_visible_devices([], "GPU")
        self.tf = tf
        self.writer = tf.summary.create_file_writer(str(folder))

    def add(self, row: Mapping[str, float]) -> None:
        """Write one epoch, and flush so that it can be seen at once."""
        from tensorflow.compat.v1 import SummaryMetadata

        metadata = SummaryMetadata(
            plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"),
            data_class=1,  # DATA_CLASS_SCALAR
        )
        with self.writer.as_default(step=int(row["epoch"])):
            for column, tag in TAGS.items():
                if column in row:  # the loss of targets exists with regression alone
                    value = self.tf.constant(row[column], "float32")
                    self.tf.summary.write(tag, value, None, metadata)
        self.writer.flush()


def check_event_log(folder: Path) -> None:
    """Make the folder of the logs, or say why there can be none, before anything is trained."""
    if importlib.util.find_spec("tensorflow") is None:
        raise ToolMissingError(
            "TensorBoard logs are written by TensorFlow, which is not installed",
            mend="pip install tensorflow-cpu, or leave --tensorboard out",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder of the TensorBoard logs ({error.strerror})",
            where=folder,
            mend="name another folder",
        ) from None
