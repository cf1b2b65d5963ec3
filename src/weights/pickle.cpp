#include "weights/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "weights/pickle_stack.h"

namespace obscura::weights {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 26;

constexpr std::array<std::string_view, 4> kFunctions{"torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
                                                     "torch._utils._rebuild_parameter", "collections.OrderedDict"};

bool is_storage_class(std::string_view name) {
  return name.starts_with("torch.") && name.ends_with("Storage") && std::ranges::count(name, '.') == 1;
}

bool is_allowed(std::string_view name) {
  return std::ranges::find(kFunctions, name) != kFunctions.end() || is_storage_class(name) || name == "torch.Size" ||
         name == "torch.device";
}

/// Python's stack machine, which here only builds data.
class Unpickler : private PickleStack {
 public:
  Unpickler(std::span<const std::uint8_t> bytes, const std::string& what)
      : PickleStack(what), total_(std::min(bytes.size(), kMostBytes)), in_(bytes.first(total_), what) {}

  Pickle run() {
    while (step(in_.u8())) {
    }
    pickle().root = pop();
    pickle().size = total_ - in_.left();
    return std::move(pickle());
  }

 private:
  /// False at the end.
  bool step(std::uint8_t code) {
    if (take_constant(code) || take_text(code) || build_container(code) || use_memo(code)) return true;
    switch (code) {
      case 0x80:
        in_.raw(1);
        return true;  // PROTO
      case 0x95:
        in_.raw(8);
        return true;  // FRAME
      case '(':
        mark();
        return true;
      case '0':
        pop();
        return true;  // POP
      case 'c':
        import_global();
        return true;
      case 0x93:
        import_from_stack();
        return true;  // STACK_GLOBAL
      case 'Q':
        load_persistent();
        return true;  // BINPERSID
      case 'R':
        reduce();
        return true;
      case 'b':
        ignore_state();
        return true;  // BUILD
      case '.':
        return false;
      default:
        fail(fmt::format("has a pickle with opcode {:#04x}, which no state dict needs", code));
    }
  }

  bool take_constant(std::uint8_t code) {
    switch (code) {
      case 'N':
        push({});
        return true;
      case 0x88:
        push_integer(Kind::boolean, 1);
        return true;
      case 0x89:
        push_integer(Kind::boolean, 0);
        return true;
      case 'J':
        push_integer(Kind::integer, static_cast<std::int32_t>(in_.u32()));
        return true;
      case 'K':
        push_integer(Kind::integer, in_.u8());
        return true;
      case 'M':
        push_integer(Kind::integer, in_.u16());
        return true;
      case 0x8a:
        push_long(in_.raw(in_.u8()));
        return true;
      case 'G':
        in_.raw(8);
        push_integer(Kind::real, 0);
        return true;
      default:
        return false;
    }
  }

  bool take_text(std::uint8_t code) {
    switch (code) {
      case 'X':
      case 'T':
      case 'B':
        push_text(in_.raw(in_.u32()));
        return true;
      case 0x8c:
      case 'U':
      case 'C':
        push_text(in_.raw(in_.u8()));
        return true;
      case 0x8d:
        push_text(in_.raw(static_cast<std::size_t>(in_.u64())));
        return true;
      default:
        return false;
    }
  }

  bool build_container(std::uint8_t code) {
    switch (code) {
      case ')':
      case ']':
        push_items(Kind::sequence, {});
        return true;
      case '}':
        push_items(Kind::dict, {});
        return true;
      case 't':
      case 'l':
        push_items(Kind::sequence, pop_mark());
        return true;
      case 'd':
        push_items(Kind::dict, pop_mark());
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        push_items(Kind::sequence, pop_many(code - 0x84U));
        return true;
      case 'a':
        extend(Kind::sequence, pop_many(1));
        return true;
      case 'e':
        extend(Kind::sequence, pop_mark());
        return true;
      case 's':
        extend(Kind::dict, pop_many(2));
        return true;
      case 'u':
        extend(Kind::dict, pop_mark());
        return true;
      default:
        return false;
    }
  }

  bool use_memo(std::uint8_t code) {
    switch (code) {
      case 'q':
        memorise(in_.u8());
        return true;
      case 'r':
        memorise(in_.u32());
        return true;
      case 0x94:
        memorise(static_cast<std::uint32_t>(memo_size()));
        return true;
      case 'h':
        push_memo(in_.u8());
        return true;
      case 'j':
        push_memo(in_.u32());
        return true;
      default:
        return false;
    }
  }

  /// Two's complement of any length.
  void push_long(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > 8) return push({Kind::opaque, 0, {}, {}});
    std::uint64_t v = !bytes.empty() && bytes.back() >= 0x80 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) v = v << 8 | bytes[i];
    push_integer(Kind::integer, static_cast<std::int64_t>(v));
  }
  std::string line() {
    std::string text;
    for (std::uint8_t c = in_.u8(); c != '\n'; c = in_.u8()) {
      if (text.size() >= 256) damaged();
      text.push_back(static_cast<char>(c));
    }
    return text;
  }

  void import_global() {
    const std::string module = line();
    import_name(module, line());
  }
  void import_name(const std::string& module, const std::string& name) {
    const std::string whole = fmt::format("{}.{}", module, name);
    if (!is_allowed(whole)) {
      fail(
          fmt::format("asks for \"{}\", which is not part of a state dict and is not run; "
                      "expected what torch.save(model.state_dict(), file) writes",
                      printable(whole)));
    }
    push({Kind::name, 0, whole, {}});
  }
  void import_from_stack() {
    const auto names = pop_many(2);
    if (value(names[0]).kind != Kind::text || value(names[1]).kind != Kind::text) damaged();
    import_name(value(names[0]).text, value(names[1]).text);
  }
  /// One line whatever the file says.
  static std::string printable(std::string text) {
    if (text.size() > 120) text.resize(120);
    for (char& c : text) c = c < ' ' || c > '~' ? '?' : c;
    return text;
  }

  void load_persistent() {
    const PickleValue& id = value(pop());
    if (id.kind != Kind::sequence || (id.items.size() != 5 && id.items.size() != 6)) damaged();
    const auto kind = [&](std::size_t i) { return value(id.items[i]).kind; };
    if (value(id.items[0]).text != "storage" || kind(1) != Kind::name || !is_storage_class(value(id.items[1]).text) ||
        kind(2) != Kind::text || kind(4) != Kind::integer) {
      damaged();
    }
    if (id.items.size() == 6 && kind(5) != Kind::none) {
      fail("has storages that are views of others, as PyTorch wrote them before 0.4; save it anew");
    }
    auto items = id.items;
    push_items(Kind::storage, std::move(items));
  }

  /// What a function of the list would have made of its arguments.
  void reduce() {
    const auto call = pop_many(2);
    const PickleValue& function = value(call[0]);
    if (function.kind != Kind::name || value(call[1]).kind != Kind::sequence || value(call[1]).items.size() > 8) {
      damaged();
    }
    const auto arguments = value(call[1]).items;
    if (function.text.starts_with("torch._utils._rebuild_tensor")) {
      if (arguments.size() < 4) damaged();
      return push_items(Kind::tensor, arguments);
    }
    if (function.text == "torch.device") return push({Kind::opaque, 0, {}, {}});
    if (function.text == "collections.OrderedDict" && arguments.empty()) return push_items(Kind::dict, {});
    if (arguments.empty()) damaged();
    if (function.text == "collections.OrderedDict") return push_items(Kind::dict, pairs(arguments[0]));
    if (function.text != "torch.Size" && function.text != "torch._utils._rebuild_parameter") damaged();
    push_again(arguments[0]);
  }
  /// OrderedDict([(key, value), ...]) as Python 2 wrote it.
  std::vector<std::uint32_t> pairs(std::uint32_t list) {
    std::vector<std::uint32_t> items;
    if (value(list).kind != Kind::sequence) damaged();
    charge(2 * value(list).items.size());
    for (const std::uint32_t pair : value(list).items) {
      if (value(pair).kind != Kind::sequence || value(pair).items.size() != 2) damaged();
      items.push_back(value(pair).items[0]);
      items.push_back(value(pair).items[1]);
    }
    return items;
  }
  /// Attributes of a state dict (_metadata) are versions of layers.
  void ignore_state() {
    pop();
    if (value(top()).kind != Kind::dict) damaged();
  }

  std::size_t total_;
  ByteReader in_;
};

}  // namespace

Pickle read_pickle(std::span<const std::uint8_t> bytes, const std::string& what) {
  return Unpickler(bytes, what).run();
}

}  // namespace obscura::weights
