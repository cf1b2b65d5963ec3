// The module's face to JavaScript: memory, one call, and what it left behind.
#include <sodium.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/version.h"
#include "calls.h"
#include "ckks/digest.h"
#include "message/messages.h"
#include "objects.h"
#include "ring/isa.h"

namespace obscura::web {
namespace {

/// Of the last call: its bytes, or the sentence of its error.
std::vector<std::uint8_t>& result() {
  static std::vector<std::uint8_t> bytes;
  return bytes;
}

void drop_result() {
  sodium_memzero(result().data(), result().size());
  std::vector<std::uint8_t>().swap(result());
}

Fault failed(Fault fault, const char* sentence) {
  drop_result();
  const std::string text(sentence);
  result().assign(text.begin(), text.end());
  return fault;
}

void put_hash(ByteReader& in, ByteWriter& out) {
  std::array<std::uint8_t, 32> hash;
  const auto bytes = in.raw(in.left());
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0);
  out.raw(hash);
}

Fault call_caught(Call call, std::uint32_t object, std::span<const std::uint8_t> bytes) {
  try {
    ByteReader in(bytes, "what was passed");
    ByteWriter out;
    do_call(call, object, in, out);
    drop_result();
    result() = out.take();
    return Fault::none;
  } catch (const FormatError& e) {
    return failed(Fault::format, e.what());
  } catch (const MismatchError& e) {
    return failed(Fault::mismatch, e.what());
  } catch (const UnsupportedError& e) {
    return failed(Fault::unsupported, e.what());
  } catch (const ParameterError& e) {
    return failed(Fault::parameter, e.what());
  } catch (const UsageError& e) {
    return failed(Fault::usage, e.what());
  } catch (const CancelledError& e) {
    return failed(Fault::cancelled, e.what());
  } catch (const std::bad_alloc&) {
    return failed(Fault::memory, "there is not enough memory for this: close other pages, or take a smaller network");
  } catch (const std::exception& e) {
    return failed(Fault::internal, e.what());
  }
}

}  // namespace

std::uint32_t next_object_number() {
  static std::uint32_t last = 0;
  return ++last;
}

void do_call(Call call, std::uint32_t object, ByteReader& in, ByteWriter& out) {
  switch (call) {
    case Call::version:
      out.text(kVersion);
      return out.text(std::string(ring::isa_name(ring::selected_isa())));
    case Call::hash:
      return put_hash(in, out);
    case Call::memory:
      return out.f64(static_cast<double>(__builtin_wasm_memory_size(0)) * 65536);
    case Call::free:
      return out.u8(free_owner(object) || free_fetcher(object) ? 1 : 0);
    default:
      if (call >= Call::create_fetcher) return do_fetch_call(call, object, in, out);
      return do_owner_call(call, object, in, out);
  }
}

}  // namespace obscura::web

using obscura::web::result;

extern "C" {

#define OBSCURA_EXPORT(name) __attribute__((export_name(name), used))

/// Room for bytes to pass, wiped and freed by ob_give. 0: there is none.
OBSCURA_EXPORT("ob_take") void* ob_take(std::uint32_t size) {
  return sodium_malloc(size);
}
OBSCURA_EXPORT("ob_give") void ob_give(void* data) {
  sodium_free(data);
}

OBSCURA_EXPORT("ob_call")
std::uint32_t ob_call(std::uint32_t call, std::uint32_t object, const std::uint8_t* data, std::uint32_t size) {
  return static_cast<std::uint32_t>(
      obscura::web::call_caught(static_cast<obscura::web::Call>(call), object, {data, size}));
}

OBSCURA_EXPORT("ob_result_data") const std::uint8_t* ob_result_data() {
  return result().data();
}
OBSCURA_EXPORT("ob_result_size") std::uint32_t ob_result_size() {
  return static_cast<std::uint32_t>(result().size());
}
/// Wipes it.
OBSCURA_EXPORT("ob_result_drop") void ob_result_drop() {
  obscura::web::drop_result();
}
}
