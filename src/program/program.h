#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "circuits/block_plan.h"
#include "circuits/linear_plan.h"
#include "message/client_spec.h"
#include "program/arrangement.h"
#include "program/layout.h"
#include "program/merge.h"
#include "program/scales.h"
#include "program/schedule.h"
#include "program/stage.h"

namespace obscura::program {

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
  std::size_t width = 1;  ///< what its ciphertexts hold side by side: images, or chunks

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
  message::ClientSpec client;
  Schedule schedule;
  std::vector<PackedStage> packed;
  std::vector<BatchedStage> batched;
  double microseconds = 0;  ///< predicted evaluation, one thread
  /// Of pictures in chunks. Packed, the value that is merged holds, for chunk k of a group and every value f, what
  /// stands at the places of f + k size(value): summed over groups, or (concat) group after group.
  std::optional<Merge> merge = std::nullopt;
  /// How the client arranges a picture's values (packed, without chunks), which is what value 0 is then.
  std::optional<Arrangement> arrangement = std::nullopt;

  /// Of value 0: a picture or one of its chunks, or what these are arranged as.
  Shape input() const { return arrangement ? arrangement->shape : client.unit(); }
  /// What the ciphertexts of packed stage i hold side by side.
  std::size_t width_at(std::size_t i) const { return merge && i >= merge->value ? client.images : client.width(); }
};

}  // namespace obscura::program
