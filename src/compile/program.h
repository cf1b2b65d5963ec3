#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "circuits/linear_transform.h"
#include "ckks/keys.h"
#include "compile/schedule.h"
#include "compile/stages.h"

namespace obscura::compile {

/// What the owner needs to encrypt an image and read the answer: nothing in it is a weight.
struct ClientPart {
  Mode mode = Mode::packed;
  std::string network;     ///< a name to show
  ckks::Digest program{};  ///< of the compiled program: queries and answers carry it
  ckks::Parameters parameters;
  nn::Shape input;
  nn::Preprocessing preprocessing;
  double input_scale = 1;
  std::size_t input_limbs = 1;
  std::size_t period = 0;   ///< packed: the image repeats every so many slots, pixel (c, y, x) at c H W + y W + x
  std::size_t images = 1;   ///< of one query: 1 packed, one a slot batched
  std::size_t outputs = 0;  ///< logits
  std::vector<std::uint32_t> output_slots;  ///< packed: where logit i is, within the reply's period
  double output_factor = 1;                 ///< a logit is this times the decrypted number
  std::size_t reply_gap = 1;                ///< see ckks::CompactCiphertext
  int reply_bits = 0;
  double logit_error = 0;  ///< predicted standard deviation

  std::size_t queries() const { return mode == Mode::packed ? 1 : input.size(); }  ///< ciphertexts up
  std::size_t replies() const { return mode == Mode::packed ? 1 : outputs; }       ///< ciphertexts down
};

/// Where the values of a tensor stand among the slots: element i at position[i] + k period for every k. Slots between
/// hold zeros or left-over sums; a map reads only what it names.
struct Layout {
  std::vector<std::uint32_t> position;
  std::size_t period = 0;
  bool clean = false;  ///< whether every slot that holds no element is zero: then copies can be added beside
  /// For tensors that keep the image grid: element (c, y, x) at origin[c] + y row + x column.
  struct Grid {
    std::vector<std::uint32_t> origin;
    std::size_t row = 0, column = 0;
    std::size_t block = 0;  ///< slots that one image plane is laid out in
  };
  std::vector<Grid> grid;  ///< one or none
};

/// One stage of a packed program.
struct PackedStage {
  std::string name;
  std::string layout;                             ///< "grid" or "dense", for the report
  std::vector<std::vector<std::int64_t>> spread;  ///< first x += sum of rotations by these steps, a group at a time
  circuits::Diagonals diagonals;                  ///< then the matrix
  circuits::LinearPlan plan;
  std::vector<std::vector<std::int64_t>> fold;  ///< then sums of rotations again
  std::vector<double> bias;                     ///< one a slot
  double weight_scale = 1;
  StageSchedule schedule;
  Stage::Activation activation = Stage::Activation::none;
  std::vector<std::vector<double>> coefficients;  ///< of a polynomial: one row, or one a slot's channel
  std::vector<std::int32_t> channel_of_slot;      ///< -1: no value there
  double microseconds = 0;                        ///< predicted
  double key_megabytes = 0;
};

/// One stage of a batched program: the map in integers.
struct BatchedStage {
  std::string name;
  AffineMap map;
  double weight_scale = 1;
  StageSchedule schedule;
  bool relinearize_before_map = false;  ///< of the previous activation's products; else after the map
  Stage::Activation activation = Stage::Activation::none;
  std::vector<std::vector<double>> coefficients;
  std::vector<std::int32_t> channel;  ///< of each output
};

/// A network compiled for a layout: parameters, keys and every step with its level and scale. The weights are in it,
/// in the clear: it is the server's.
struct Program {
  ClientPart client;
  Schedule schedule;
  std::vector<PackedStage> packed;
  std::vector<BatchedStage> batched;
  ckks::KeyRequest keys;
  double microseconds = 0;  ///< predicted evaluation, one thread
};

struct CompileOptions {
  Mode mode = Mode::packed;
  std::vector<std::vector<double>> samples;  ///< preprocessed images to measure ranges on; made up if none
  double relative_error = 0x1p-11;
};

/// Chooses everything and says why nothing was possible otherwise: UnsupportedError names the layer. The same network
/// gives the same program on every machine.
Program compile(const nn::Graph& graph, const CompileOptions& options = {});

/// For people: a table of the stages, the parameters, sizes and the predicted error.
std::string report(const Program& program);

}  // namespace obscura::compile
