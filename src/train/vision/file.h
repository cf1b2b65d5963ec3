#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "train/vision/pictures.h"
#include "train/vision/vision.h"
#include "weights/weights.h"

/// Trained networks for pictures: a safetensors file that says in its metadata which network it is and how pictures
/// become its input. It holds nothing of a shield's key.
namespace obscura::train {

struct VisionFile {
  VisionSpec spec;
  std::vector<float> mean;  ///< a value a channel: input = (sample - mean) / std, samples as they are, bytes 0 to 255
  std::vector<float> std;
  std::vector<std::string> classes;
  std::map<std::string, std::string> notes;  ///< command, dataset, shield, ...: for people
  std::map<std::string, weights::WeightTensor> tensors;
  friend bool operator==(const VisionFile&, const VisionFile&) = default;
};

weights::WeightFile to_weights(const VisionFile& file);
/// `what` names it in error messages. Throws FormatError if these weights are not of a network that Obscura trained.
VisionFile to_vision(const weights::WeightFile& weights, const std::string& what);

/// Whole or not at all. Throws IoError.
void write_vision(const VisionFile& file, const std::filesystem::path& path);
/// Reads what nobody has checked. Throws IoError, FormatError.
VisionFile read_vision(const std::filesystem::path& path);

/// A trained network in use. Not for two threads at once.
class VisionClassifier {
 public:
  /// Throws FormatError if weights are missing or of another shape than the network's.
  explicit VisionClassifier(const VisionFile& file);
  ~VisionClassifier();
  VisionClassifier(VisionClassifier&&) noexcept;
  VisionClassifier& operator=(VisionClassifier&&) noexcept;

  const VisionSpec& spec() const;
  /// Pictures one after the other, samples as they are -> logits [pictures * classes].
  std::vector<float> logits(std::span<const float> pictures) const;
  /// What the adaptation makes of them: [pictures * channels * height * width]. Throws UnsupportedError if the network
  /// has none that gives a picture.
  std::vector<float> adapted(std::span<const float> pictures) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Which class the network takes each picture for. Throws MismatchError if pictures do not fit it.
std::vector<std::int64_t> predict(const VisionClassifier& network, const Pictures& pictures);
/// Share of `predicted` that are the pictures' labels.
double accuracy(std::span<const std::int64_t> predicted, const Pictures& pictures);

}  // namespace obscura::train
