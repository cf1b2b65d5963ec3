#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Python's pickles as data: a reader of the few opcodes that tensors are saved with, and of a few names. Nothing is
/// imported or called. Only for weights_*.cpp.
namespace obscura::weights {

struct PickleValue {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    sequence,  ///< tuple or list: its members
    dict,      ///< key, value, key, value, ...
    name,      ///< a class or function, as text: "torch.FloatStorage"
    storage,   ///< its persistent id's members: "storage", class, key, location, number of values
    tensor,    ///< its arguments: storage, offset, sizes, strides, ...
    opaque,    ///< something allowed that says nothing: an integer above 64 bits, a device
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  std::string text;
  std::vector<std::uint32_t> items;  ///< indices into Pickle::values
};

struct Pickle {
  std::vector<PickleValue> values;
  std::uint32_t root = 0;
  std::size_t size = 0;  ///< bytes up to and with the pickle's end

  const PickleValue& at(std::uint32_t index) const { return values[index]; }
};

/// The pickle at the start of `bytes`. Throws FormatError, with `what` in front: for a damaged one, for one of more
/// than a million values, and for any name that is not part of a state dict, naming it.
Pickle read_pickle(std::span<const std::uint8_t> bytes, const std::string& what);

}  // namespace obscura::weights
