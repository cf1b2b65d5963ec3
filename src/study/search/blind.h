#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/graph.h"
#include "program/program.h"
#include "search/gallery.h"
#include "study/search/gallery_scores.h"

namespace obscura::study {

/// Mode blind: the owner sends the picture encrypted, the server runs the network and compares what it says with every
/// vector of the gallery without decrypting anything. One compiled network: the gallery is its last layer
/// (compile/score_layer.h), and beside the scores it says the picture's own vector, by whose length the owner makes
/// cosines of them. Both sides are in this process; between them go bytes. `network`: the gallery's. Throws
/// UnsupportedError for a gallery whose vectors do not follow from the network by linear maps alone (codes, square
/// roots of probabilities), or that has more images than replies hold; and as compiling does.
ScoreSource blind_source(const nn::Graph& network, const search::GalleryForm& form,
                         const search::Gallery::Vectors& vectors, std::size_t threads);

/// That compiled network, called `name`. Throws as blind_source.
program::Program blind_program(const nn::Graph& network, const search::GalleryForm& form,
                               const search::Gallery::Vectors& vectors, const std::string& name);

/// The distances in what a program of mode blind says of a picture: scores of so many places, and behind them the
/// picture's own vector, whose length makes cosines of them. Throws MismatchError for a vector of zeros.
std::vector<float> blind_distances(std::span<const double> said, std::size_t places);
/// What no error of these distances exceeds.
double blind_bound(std::span<const double> said, std::size_t places, double logit_error);

}  // namespace obscura::study
