#pragma once

// Internal to src/nn.

namespace obscura::nn {

/// Makes OpenCV's dnn module know the operator "ObscuraRearrange" in files of to_onnx_for_opencv.
/// Once for the process, however often it is called. Thread-safe.
void register_opencv_rearrange();

}  // namespace obscura::nn
