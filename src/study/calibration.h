#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/notes.h"
#include "base/parallel.h"
#include "compile/approximate.h"
#include "compile/compile.h"
#include "nn/graph.h"
#include "study/images/picture_fit.h"

namespace obscura::study {

/// Images that ranges are measured on.
inline constexpr std::size_t kCalibrationSamples = 64;

/// Images of a data set, preprocessed for a network, to measure ranges on: the first of its training images, or of its
/// test images where it has no others, made to fit as the images that will be classified. Throws IoError, FormatError
/// as loading does.
std::vector<std::vector<float>> calibration_samples(const nn::Graph& graph, const std::string& dataset,
                                                    const std::filesystem::path& data, const Notes& note,
                                                    std::size_t count = kCalibrationSamples,
                                                    const PictureFit& fit = {});

/// The network as it can be compiled, the same on every machine that has only its file: activations as polynomials
/// fitted on the samples, and how large values get on them. `report` is filled in where something was fitted. Throws
/// UnsupportedError at once for a network that is too deep for every ring, before anything is fitted.
nn::Graph calibrated(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                     compile::FitReport* report = nullptr, ThreadPool* pool = nullptr,
                     const compile::FitOptions& options = {});

/// Refuses, by UnsupportedError, a program that its own simulation loses on samples that it was made for, and
/// polynomials that change the logits of `original` by more than those differ from image to image; notes it where some
/// samples get another class. `fitted`: what was compiled.
void check_on_samples(const nn::Graph& original, const nn::Graph& fitted, const program::Program& program,
                      const std::vector<std::vector<float>>& samples, ThreadPool& pool, const Notes& note);

}  // namespace obscura::study
