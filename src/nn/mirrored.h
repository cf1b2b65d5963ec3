#pragma once

#include "nn/graph.h"

namespace obscura::nn {

/// The network on a picture and on its mirror image (left and right exchanged) side by side, and the mean of both
/// outputs: y = (f(x) + f(mirror x)) / 2, the horizontal flip of test-time augmentation (Krizhevsky, Sutskever, Hinton,
/// 2012). Its input is the same; a Rearrange makes twice the channels of it, the picture's and the mirrored picture's,
/// every layer does both by the same weights in twice the groups, and the last dense layer takes the mean. What was
/// measured of the network's ranges holds of both and is kept, and so are its notes, head, classes and origin.
/// Throws UnsupportedError for a network of chunks, whose chunks are no pictures of the whole, and for one that is of
/// this kind already.
Graph mirrored(const Graph& graph);

/// Whether it is of this kind, also where it comes from a file.
bool is_mirrored(const Graph& graph);

}  // namespace obscura::nn
