"""Batch normalisation in one pass while a network is trained."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def with_fused_norms(model: "keras.Model") -> "keras.Model":
    """Copy an untrained functional network; its batch normalisations train with TensorFlow's fused operation.

    Keras 3 normalises with a dozen element-wise operations; with one, a training step of ``unified_unet`` on two cores
    takes a quarter less time. The copy has the same weights in the same order. Its moving variances follow the unbiased
    variance of a batch, as in Keras 2. With another backend it trains as Keras does.
    """
    import keras

    class FusedBatchNormalization(keras.layers.BatchNormalization):
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            if not (training and self.trainable and keras.backend.backend() == "tensorflow"):
                return super().call(inputs, training=training, mask=mask)
            import tensorflow as tf

            outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
                inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
            )
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + now * (1 - self.momentum))
            return outputs

    def copied(layer: "keras.Layer") -> "keras.Layer":
        kind = FusedBatchNormalization if type(layer) is keras.layers.BatchNormalization else type(layer)
        return kind.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copied)
