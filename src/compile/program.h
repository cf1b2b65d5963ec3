#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "circuits/block_plan.h"
#include "circuits/linear_plan.h"
#include "ckks/keys.h"
#include "compile/layout.h"
#include "compile/scales.h"
#include "compile/schedule.h"
#include "compile/stages.h"

namespace obscura::compile {

/// How far beyond the largest logit of the calibration images those of other images may lie.
inline constexpr double kLogitHeadroom = 2;

/// What the owner needs to make keys, encrypt an image and read the answer: nothing in it is a weight.
struct ClientSpec {
  Mode mode = Mode::packed;
  std::string network;     ///< a name to show
  ckks::Digest program{};  ///< of the compiled program: queries and answers carry it
  ckks::Parameters parameters;
  nn::Shape input;
  nn::Preprocessing preprocessing;
  double input_scale = 1;
  std::size_t input_limbs = 1;
  std::size_t images = 1;  ///< of one query: side by side (packed) or one a slot (batched)
  /// Packed: value i of image k is at place input_slots[i] of the layout, which repeats every `period` places; place p
  /// is slot p images + k, counted on from one ciphertext to the next.
  std::size_t period = 0;
  std::vector<std::uint32_t> input_slots;
  std::size_t outputs = 0;                  ///< logits
  std::vector<std::uint32_t> output_slots;  ///< packed: the place of logit i within the reply's period
  double output_factor = 1;                 ///< a logit is this times the decrypted number
  std::size_t reply_gap = 1;                ///< see ckks::CompactCiphertext
  int reply_bits = 0;
  double reply_scale = 1;  ///< of a reply, as ckks::compact leaves it
  double logit_error = 0;  ///< predicted standard deviation of what encryption makes of a logit
  /// The same of the part that depends on the key, and shows in imaginary parts; batched, the rounding of weights to
  /// integers is not in it.
  double noise = 0;
  /// The largest difference of a logit that polynomials in the place of activations made on the images that they were
  /// fitted on. 0: none are, or the file does not say.
  double fit_error = 0;
  /// The largest size of a logit that calibration promises: kLogitHeadroom times the largest that was seen. A logit
  /// beyond it comes from an image unlike those of the calibration. 0: nothing is known, the network was not
  /// calibrated.
  double logit_range = 0;
  nn::Head head = nn::Head::none;  ///< what the owner applies to the logits
  bool zeros_between = false;      ///< packed: places of a reply that hold no logit hold zero
  ckks::KeyRequest keys = {};      ///< what the server needs to run it
  /// The keys that the owner made for it; all zero: none yet. With a folder of keys it tells whether they are one set.
  ckks::KeyId key{};

  std::size_t slots() const { return std::size_t{1} << (parameters.log_degree - 1); }
  /// Ciphertexts up.
  std::size_t queries() const {
    return mode == Mode::batched ? input.size() : std::max<std::size_t>(period * images / slots(), 1);
  }
  std::size_t replies() const { return mode == Mode::packed ? 1 : outputs; }  ///< ciphertexts down
};

/// One stage of a packed program: a matrix on slots between sums of rotations, then the activation. Rotations and the
/// offsets of plans are in slots; layouts are in places (see ClientSpec).
struct PackedStage {
  struct Input {
    std::shared_ptr<const Layout> layout;
    std::size_t copies = 1;                         ///< see Placement
    std::vector<std::vector<std::int64_t>> spread;  ///< first x += sum of rotations by these steps, a group at a time
  };
  Stage stage;
  std::vector<Input> inputs;  ///< one a term
  std::shared_ptr<const Layout> output;
  bool unfolded = false;
  std::string layout;  ///< for the report
  /// With one ciphertext in and out and few diagonals everything is encoded ahead of time and switched together
  /// (LinearTransform); otherwise diagonals are integers that are transformed as they are met (BlockTransform).
  enum class Method { hoisted, blocks } method = Method::hoisted;
  circuits::LinearPlan hoisted;
  circuits::BlockPlan blocks;
  std::vector<std::vector<std::int64_t>> fold;  ///< then sums of rotations again
  StageSchedule schedule;
  StageScales scales;
  double microseconds = 0;  ///< predicted
  double key_megabytes = 0;

  std::size_t diagonals() const { return method == Method::hoisted ? hoisted.terms.size() : blocks.terms.size(); }
};

/// One stage of a batched program: the maps in integers.
struct BatchedStage {
  Stage stage;
  StageSchedule schedule;
  StageScales scales;
  bool relinearize_before_map = false;  ///< of the products that it reads; else after the map
};

/// A network compiled for a layout: parameters, keys and every step with its level and scale. The weights are in it,
/// in the clear: it is the server's.
struct Program {
  ClientSpec client;
  Schedule schedule;
  std::vector<PackedStage> packed;
  std::vector<BatchedStage> batched;
  double microseconds = 0;  ///< predicted evaluation, one thread
};

struct CompileOptions {
  Mode mode = Mode::packed;
  std::vector<std::vector<double>> samples =
      {};  ///< preprocessed images to measure ranges on; none: what the file says, else made up
  double relative_error = 0x1p-11;
  /// So many answers may be shown to others than the owner, flooded with noise (Owner::read with
  /// DecryptOptions::flood_queries); 0: answers are for the owner alone, which takes the least precision.
  std::uint64_t share = 0;
  /// Packed: images side by side in the slots of a query, a power of two; 0: as many as make the most images a second.
  std::size_t images_per_ciphertext = 1;
};

/// How large values get on these images (preprocessed): to be kept as graph.calibration, for who compiles the network
/// and does not have them. Throws UnsupportedError like compile().
std::vector<double> calibration_numbers(const nn::Graph& graph, const std::vector<std::vector<double>>& samples);

/// Chooses everything and says why nothing was possible otherwise: UnsupportedError names the layer. The same network
/// gives the same program again on the same machine.
Program compile(const nn::Graph& graph, const CompileOptions& options = {});

/// Bytes, predicted: a query and its reply, the evaluation keys as they travel, and what the server keeps.
struct Sizes {
  double query = 0, reply = 0, keys = 0, server = 0;
};
Sizes sizes(const Program& program);

/// For people: a table of the stages, the parameters and why, sizes and the predicted error. `measured`: seconds of
/// every stage, shown beside the prediction where there are any.
std::string report(const Program& program, const std::vector<double>& measured = {});

}  // namespace obscura::compile
