#pragma once

#include "nn/graph.h"

namespace obscura::nn {

/// A network of one output z, a yes or no by the sign of z, as one of two outputs, 0 and z: softmax of these is the
/// sigmoid of z, so what trains on classes trains it. The last dense layer gets a row of zeros; where the network ends
/// otherwise one is put behind it. Its classes are named as class_labels does. Precondition: one output.
Graph as_two_classes(const Graph& graph);

/// The way back: the difference of the two outputs of a last dense layer, with the head and the class names of `like`.
/// Throws UnsupportedError where `graph` does not end in a dense layer of two outputs.
Graph as_one_output(const Graph& graph, const Graph& like);

}  // namespace obscura::nn
