#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "study/learning/reproduce_plan.h"

/// What `reproduce chunked` is going to train and to measure.
namespace obscura::study {

inline constexpr const char* kChunked = "chunked";

/// One network, which several rows may share.
struct ChunkedNetworkPlan {
  std::string key, title, model;
  std::string file;  ///< its name in the folder of networks, and where it is trained into
  bool own = false;  ///< Obscura's: trained only where its rows are asked for by name
};

/// One way to classify the test pictures with a network.
struct ChunkedRowPlan {
  std::string key, title;
  std::string network;  ///< key
  std::string policy;   ///< "plain": in the clear only; empty: the network takes the picture as one
  std::string mode = "packed";
};

/// The data set that the networks are trained on and tested with.
std::string chunked_dataset(const ReproduceOptions& options);
/// Test pictures of every row; 0: all.
std::size_t chunked_images(const ReproduceOptions& options);
/// Epochs of every training; 0: the model's own.
std::size_t chunked_epochs(const ReproduceOptions& options);

std::vector<std::string> chunked_keys();

/// Throws UsageError for a row that there is not.
std::vector<ChunkedRowPlan> chunked_plan(const ReproduceOptions& options);

/// The networks of those rows, each once.
std::vector<ChunkedNetworkPlan> chunked_networks(const std::vector<ChunkedRowPlan>& rows);

}  // namespace obscura::study
