#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "train/recipe.h"

namespace obscura::train {

/// A network to be trained: its layers with all weights zero, and how it is trained unless told otherwise.
struct Model {
  std::string name;
  std::string summary;
  nn::Graph graph;
  Recipe recipe;
};

/// The names make_model knows, in the order in which a person should read them.
std::vector<std::string> model_names();

/// One line about a model: layers, sizes, where it comes from. Throws UsageError for an unknown name.
std::string model_summary(const std::string& name);

/// How a model is trained on a data set of that name unless told otherwise (augmentation depends on what the images
/// show). Throws UsageError for an unknown model; any data set will do.
Recipe model_recipe(const std::string& name, const std::string& dataset = {});

/// The images that a model was made for, and others that it can be built for: "images of one or three channels, sides
/// from 8 that are multiples of 4". Throw UsageError for an unknown name.
Shape usual_images(const std::string& name);
/// Whether pictures of any size are made the usual one, also those of a data set that has a size of its own.
bool resizes(const std::string& name);
/// Whether it cuts pictures into chunks.
bool is_chunked(const std::string& name);
std::string images_taken(const std::string& name);

/// The model for images of `input` and that many classes. Kernels, strides and maps are the model's; dense layers grow
/// with the images.
/// `chunk`: of a model that cuts pictures, 28 x 28 where zero. Throws UsageError for an unknown name (listing the
/// known) or a chunk for a model that cuts nothing, UnsupportedError if the model cannot take such images or chunks or
/// would have a dense layer of more than 2^24 weights.
Model make_model(const std::string& name, const Shape& input, std::size_t classes, const std::string& dataset = {},
                 const ChunkSize& chunk = {});

}  // namespace obscura::train
