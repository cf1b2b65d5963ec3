#include "fuzz/reader.h"

#include <algorithm>
#include <typeinfo>

#include "base/error.h"
#include "fuzz/memory_meter.h"

namespace obscura::fuzz {
namespace {

unsigned kind_of(const Error& error) {
  if (dynamic_cast<const FormatError*>(&error) != nullptr) return kFormat;
  if (dynamic_cast<const MismatchError*>(&error) != nullptr) return kMismatch;
  if (dynamic_cast<const ParameterError*>(&error) != nullptr) return kParameter;
  if (dynamic_cast<const UnsupportedError*>(&error) != nullptr) return kUnsupported;
  if (dynamic_cast<const UsageError*>(&error) != nullptr) return kUsage;
  if (dynamic_cast<const IoError*>(&error) != nullptr) return kIo;
  return 0;
}

/// An error is one line for people.
void check_error(const Reader& reader, const Error& error) {
  const std::string_view text = error.what();
  if ((kind_of(error) & reader.errors) == 0) {
    throw Fault(reader.name + ": an error that is not documented (" + typeid(error).name() + "): " + error.what());
  }
  if (text.empty() || text.find('\n') != std::string_view::npos) {
    throw Fault(reader.name + ": an error that is not one line: " + error.what());
  }
}

void check_memory(const Reader& reader, ByteSpan input, std::size_t peak) {
  const double most =
      reader.memory.factor * static_cast<double>(input.size()) + static_cast<double>(reader.memory.base);
  if (static_cast<double>(peak) <= most) return;
  throw Fault(reader.name + ": " + std::to_string(peak) + " bytes of memory for an input of " +
              std::to_string(input.size()));
}

}  // namespace

Outcome run(const Reader& reader, ByteSpan input) {
  MemoryMeter meter;
  Outcome outcome = Outcome::accepted;
  std::optional<Bytes> again;
  try {
    again = reader.rewrite(input);
  } catch (const Error& error) {
    check_error(reader, error);
    outcome = Outcome::refused;
  } catch (const Refused&) {
    outcome = Outcome::refused;
  } catch (const Fault&) {
    throw;
  } catch (const std::exception& error) {
    throw Fault(reader.name + ": no error of ours (" + typeid(error).name() + "): " + error.what());
  }
  check_memory(reader, input, meter.peak());
  if (again && !std::ranges::equal(*again, input)) throw Fault(reader.name + ": a second encoding");
  return outcome;
}

}  // namespace obscura::fuzz
