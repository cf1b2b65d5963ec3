#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "weights/formats.h"
#include "weights/numbers.h"
#include "weights/pickle.h"

namespace obscura::weights {
namespace {

using Kind = PickleValue::Kind;
using Bytes = std::span<const std::uint8_t>;

/// 0x1950a86a20f9469cfc6c as a pickled integer of ten bytes.
constexpr std::array<std::uint8_t, 12> kMagic{0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

/// Where training programs put the state dict in a checkpoint.
constexpr std::array<std::string_view, 7> kUsual{"state_dict", "model_state_dict", "model",  "module",
                                                 "net",        "network",          "weights"};

struct Storage {
  Number number = Number::f32;
  std::uint64_t count = 0;
  std::string key;
};

Number number_of(const std::string& storage_class, const std::string& what) {
  static const std::map<std::string, Number> known{
      {"torch.FloatStorage", Number::f32},     {"torch.DoubleStorage", Number::f64},
      {"torch.HalfStorage", Number::f16},      {"torch.LongStorage", Number::i64},
      {"torch.BFloat16Storage", Number::bf16}, {"torch.IntStorage", Number::i32},
      {"torch.ShortStorage", Number::i16},     {"torch.CharStorage", Number::i8},
      {"torch.ByteStorage", Number::u8},       {"torch.BoolStorage", Number::boolean}};
  const auto found = known.find(storage_class);
  if (found == known.end())
    throw FormatError(fmt::format("{} has numbers of type {}; expected real ones", what, storage_class));
  return found->second;
}

Storage storage_of(const Pickle& pickle, const PickleValue& value, const std::string& what) {
  const std::int64_t count = pickle.at(value.items[4]).integer;
  if (count < 0) throw FormatError(fmt::format("{} is damaged: a storage has {} values", what, count));
  return {number_of(pickle.at(value.items[1]).text, what), static_cast<std::uint64_t>(count),
          pickle.at(value.items[2]).text};
}

/// A state dict's tensors, and the bytes of storages from wherever they are.
class StateDict {
 public:
  StateDict(const Pickle& pickle, const std::string& what) : pickle_(pickle), what_(what), dict_(find()) {}

  WeightFile decode(std::size_t file_bytes, const std::function<Bytes(const Storage&)>& bytes_of_storage) const {
    Budget budget(file_bytes, what_);
    WeightFile file;
    for (std::size_t i = 0; i + 1 < dict_->items.size(); i += 2) {
      const PickleValue& key = pickle_.at(dict_->items[i]);
      const PickleValue& value = pickle_.at(dict_->items[i + 1]);
      if (key.kind != Kind::text || value.kind != Kind::tensor) continue;
      const std::string name = fmt::format("{}: tensor \"{}\"", what_, key.text);
      const auto [view, storage] = view_of(value, name);
      if (file.tensors.contains(key.text)) throw FormatError(fmt::format("{} is there twice", name));
      file.tensors.emplace(key.text, gather(bytes_of_storage(storage), view, budget, name));
    }
    return file;
  }

 private:
  std::size_t tensors_in(const PickleValue& dict) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      n += pickle_.at(dict.items[i]).kind == Kind::text && pickle_.at(dict.items[i + 1]).kind == Kind::tensor ? 1 : 0;
    }
    return n;
  }

  /// Dictionaries of tensors in a dictionary, by name.
  std::map<std::string, const PickleValue*> inner(const PickleValue& dict) const {
    std::map<std::string, const PickleValue*> found;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& value = pickle_.at(dict.items[i + 1]);
      if (value.kind == Kind::dict && tensors_in(value) > 0) found[pickle_.at(dict.items[i]).text] = &value;
    }
    return found;
  }

  const PickleValue* find() const {
    const PickleValue& root = pickle_.at(pickle_.root);
    if (root.kind != Kind::dict) throw FormatError(fmt::format("{} holds no dictionary; expected a state dict", what_));
    const auto found = inner(root);
    for (const std::string_view name : kUsual) {
      const auto it = found.find(std::string(name));
      if (it != found.end()) return it->second;
    }
    if (tensors_in(root) > 0) return &root;
    if (found.size() == 1) return found.begin()->second;
    if (found.empty()) throw FormatError(fmt::format("{} holds no tensors with names; expected a state dict", what_));
    std::vector<std::string> names;
    for (const auto& [name, value] : found) names.push_back(name);
    throw FormatError(
        fmt::format("{} holds several dictionaries of tensors ({}); expected one, or one called state_dict", what_,
                    fmt::join(names, ", ")));
  }

  std::vector<std::int64_t> integers(const PickleValue& tuple, const std::string& name) const {
    if (tuple.kind != Kind::sequence || tuple.items.size() > kMostDimensions) {
      throw FormatError(fmt::format("{} is damaged: its shape is wrong", name));
    }
    std::vector<std::int64_t> values;
    for (const std::uint32_t item : tuple.items) {
      if (pickle_.at(item).kind != Kind::integer)
        throw FormatError(fmt::format("{} is damaged: its shape is wrong", name));
      values.push_back(pickle_.at(item).integer);
    }
    return values;
  }

  std::pair<View, Storage> view_of(const PickleValue& tensor, const std::string& name) const {
    const PickleValue& storage = pickle_.at(tensor.items[0]);
    const PickleValue& offset = pickle_.at(tensor.items[1]);
    if (storage.kind != Kind::storage || offset.kind != Kind::integer || offset.integer < 0) {
      throw FormatError(fmt::format("{} is damaged: its storage is wrong", name));
    }
    Storage of = storage_of(pickle_, storage, name);
    return {View{of.number, static_cast<std::uint64_t>(offset.integer), integers(pickle_.at(tensor.items[2]), name),
                 integers(pickle_.at(tensor.items[3]), name)},
            std::move(of)};
  }

  const Pickle& pickle_;
  const std::string& what_;
  const PickleValue* dict_;
};

Bytes checked_size(Bytes bytes, const Storage& storage, const std::string& what) {
  if (bytes.size() % bytes_of(storage.number) != 0 || bytes.size() / bytes_of(storage.number) != storage.count) {
    throw FormatError(fmt::format("{} is damaged: storage {} has {} bytes for {} values", what, storage.key,
                                  bytes.size(), storage.count));
  }
  return bytes;
}

/// "<folder>/" in front of data.pkl; nothing if this is another kind of archive.
std::optional<std::string> folder_of(const ZipArchive& archive) {
  for (const std::string& name : archive.names()) {
    if (name.ends_with("/data.pkl") && std::ranges::count(name, '/') == 1) return name.substr(0, name.size() - 8);
  }
  return std::nullopt;
}

/// The pickles of a legacy file, one behind the other.
class LegacyReader {
 public:
  LegacyReader(Bytes bytes, const std::string& what) : bytes_(bytes), what_(what) {}

  Pickle next() {
    Pickle pickle = read_pickle(bytes_.subspan(at_), what_);
    at_ += pickle.size;
    return pickle;
  }
  void check_system(const Pickle& system) const {
    const PickleValue& root = system.at(system.root);
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const PickleValue& value = system.at(root.items[i + 1]);
      if (system.at(root.items[i]).text == "little_endian" && value.kind == Kind::boolean && value.integer == 0) {
        throw FormatError(fmt::format("{} has numbers in big-endian order; expected little-endian", what_));
      }
    }
  }
  /// An i64 count and raw values for each key.
  std::map<std::string, Bytes> storages(const Pickle& keys, const std::map<std::string, Storage>& known) {
    ByteReader in(bytes_.subspan(at_), what_);
    std::map<std::string, Bytes> found;
    for (const std::uint32_t item : keys.at(keys.root).items) {
      const auto it = known.find(keys.at(item).text);
      if (it == known.end()) in.fail("is damaged: it lists a storage that no tensor has");
      const Storage& storage = it->second;
      if (in.u64() != storage.count) in.fail(fmt::format("is damaged: storage {} has two sizes", storage.key));
      if (storage.count > in.left() / bytes_of(storage.number)) in.fail("is truncated");
      found[storage.key] = in.raw(static_cast<std::size_t>(storage.count) * bytes_of(storage.number));
    }
    in.finish();
    return found;
  }

 private:
  Bytes bytes_;
  const std::string& what_;
  std::size_t at_ = 0;
};

std::map<std::string, Storage> all_storages(const Pickle& pickle, const std::string& what) {
  std::map<std::string, Storage> all;
  for (const PickleValue& value : pickle.values) {
    if (value.kind != Kind::storage) continue;
    Storage storage = storage_of(pickle, value, what);
    const auto [it, fresh] = all.emplace(storage.key, storage);
    if (!fresh && (it->second.number != storage.number || it->second.count != storage.count)) {
      throw FormatError(fmt::format("{} is damaged: storage {} has two types or sizes", what, storage.key));
    }
  }
  return all;
}

}  // namespace

bool looks_like_pth(const ZipArchive& archive) {
  return folder_of(archive).has_value();
}

WeightFile decode_pth(ZipArchive& archive, const std::string& what) {
  const std::string folder = folder_of(archive).value_or("");
  if (archive.contains(folder + "constants.pkl")) {
    throw FormatError(fmt::format("{} is a TorchScript program; expected a state dict", what));
  }
  if (archive.contains(folder + "byteorder")) {
    const auto order = archive.contents(folder + "byteorder");
    if (!std::ranges::equal(order, std::string_view("little"))) {
      throw FormatError(fmt::format("{} has numbers in another byte order; expected little-endian", what));
    }
  }
  const auto pickled = archive.contents(folder + "data.pkl");
  const Pickle pickle = read_pickle(pickled, what);
  return StateDict(pickle, what).decode(archive.size(), [&](const Storage& storage) {
    return checked_size(archive.contents(fmt::format("{}data/{}", folder, storage.key)), storage, what);
  });
}

bool looks_like_legacy_pth(Bytes bytes) {
  const auto start = bytes.first(std::min<std::size_t>(bytes.size(), 32));
  return !bytes.empty() && bytes[0] == 0x80 &&
         std::search(start.begin(), start.end(), kMagic.begin(), kMagic.end()) != start.end();
}

WeightFile decode_legacy_pth(Bytes bytes, const std::string& what) {
  LegacyReader in(bytes, what);
  in.next();  // magic number
  in.next();  // protocol version
  in.check_system(in.next());
  const Pickle pickle = in.next();
  const Pickle keys = in.next();
  const StateDict dict(pickle, what);
  const auto storages = in.storages(keys, all_storages(pickle, what));
  return dict.decode(bytes.size(), [&](const Storage& storage) {
    const auto found = storages.find(storage.key);
    if (found == storages.end()) throw FormatError(fmt::format("{} lacks storage {}", what, storage.key));
    return found->second;
  });
}

}  // namespace obscura::weights
