#pragma once

#include "weights/weights.h"

namespace obscura::train {

/// Whether these are weights of a vision transformer as Google publishes them (.npz; JAX's names and layouts).
bool is_jax_vit(const weights::WeightFile& file);

/// The same weights with torchvision's names and layouts: kernels HWIO become OIHW, those of dense layers [in, out]
/// become [out, in]; query, key and value become one in_proj. What has no counterpart (pre_logits) keeps its name.
/// Throws FormatError for a tensor that is not of the shape which its name tells.
weights::WeightFile from_jax_vit(const weights::WeightFile& file);

}  // namespace obscura::train
