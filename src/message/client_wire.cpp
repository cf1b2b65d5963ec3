#include "message/client_wire.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "base/bytes.h"
#include "ckks/digest.h"

namespace obscura::message {
namespace {

constexpr std::size_t kMaxValues = std::size_t{1} << 20;
/// Of all ciphertexts of a packed query together: 512 MB while it is encrypted.
constexpr std::uint64_t kMaxSlots = std::uint64_t{1} << 26;
/// Of the payload: 2 brought places of the input and several ciphertexts, 3 all that an answer is checked against and
/// the range of pixels, 4 the keys that the server needs.
/// 5 equalised histograms and chunks, 6 several places of a value.
constexpr std::uint8_t kClientVersion = 6;

void put_floats(ByteWriter& w, const std::vector<float>& values) {
  w.u32(static_cast<std::uint32_t>(values.size()));
  for (const float v : values) w.f64(v);
}

void put_slots(ByteWriter& w, const std::vector<std::uint32_t>& slots) {
  w.u32(static_cast<std::uint32_t>(slots.size()));
  for (const std::uint32_t s : slots) w.u32(s);
}

float get_float(ByteReader& r) {
  const double wide = r.f64();
  if (!std::isfinite(wide)) r.fail("holds a number that is not finite");
  float v = 0;
  if (std::abs(wide) <= std::numeric_limits<float>::max()) v = static_cast<float>(wide);
  if (std::bit_cast<std::uint64_t>(double{v}) != std::bit_cast<std::uint64_t>(wide)) {
    r.fail("holds a number that is not in single precision");
  }
  return v;
}

std::vector<float> get_floats(ByteReader& r) {
  const std::size_t count = r.u32();
  if (count > r.left() / 8) r.fail("is truncated");
  std::vector<float> values(count, 0);
  for (float& v : values) v = get_float(r);
  return values;
}

std::size_t get_count(ByteReader& r, const char* name, std::size_t least, std::size_t most) {
  const std::size_t value = r.u32();
  if (value < least || value > most) {
    r.fail(std::string("has ") + name + " = " + std::to_string(value) + ", expected " + std::to_string(least) + " to " +
           std::to_string(most));
  }
  return value;
}

double get_positive(ByteReader& r, const char* name) {
  const double value = r.f64();
  if (!(std::isfinite(value) && value > 0)) r.fail(std::string("has a ") + name + " that is not a positive number");
  return value;
}

bool get_mark(ByteReader& r) {
  const std::uint8_t mark = r.u8();
  if (mark > 1) r.fail("has a mark that is neither 0 nor 1");
  return mark == 1;
}

void read_network(ByteReader& r, ClientSpec& client) {
  client.input.channels = get_count(r, "channels", 1, 4096);
  client.input.height = get_count(r, "height", 1, 4096);
  client.input.width = get_count(r, "width", 1, 4096);
  // Counted in 64 bits: where memory is counted in 32, the product of three sides may be none.
  const std::uint64_t values = std::uint64_t{client.input.channels} * client.input.height * client.input.width;
  if (values > kMaxValues) r.fail("has an image of too many pixels");
  auto& pre = client.preprocessing;
  pre.mean = get_floats(r);
  pre.std = get_floats(r);
  const auto channels = client.input.channels;
  if ((!pre.mean.empty() && pre.mean.size() != channels) || (!pre.std.empty() && pre.std.size() != channels)) {
    r.fail("has a mean or deviation for another number of channels");
  }
  for (const float v : pre.std) {
    if (!(v > 0)) r.fail("has a deviation that is not a positive number");
  }
  const std::size_t classes = get_count(r, "classes", 0, 65536);
  for (std::size_t i = 0; i < classes; ++i) pre.classes.push_back(r.text(256));
  pre.colour = r.text(16);
  if (pre.colour != "grey" && pre.colour != "rgb" && pre.colour != "bgr") r.fail("has an unknown order of colours");
  pre.stated = get_mark(r);
  for (float& end : pre.range) end = get_float(r);
  if (!(pre.range[0] < pre.range[1])) r.fail("has a range of pixels without a lower and an upper end");
  pre.equalise = get_mark(r);
  if (pre.equalise && channels != 1) r.fail("equalises the histogram of a picture that is not grey");
}

/// How pictures are cut; nothing where they are not.
void read_chunks(ByteReader& r, ClientSpec& client) {
  if (!get_mark(r)) return;
  Chunked chunked;
  chunked.cut.picture = client.input;
  chunked.cut.height = get_count(r, "rows of a chunk", 1, client.input.height);
  chunked.cut.width = get_count(r, "columns of a chunk", 1, client.input.width);
  chunked.cut.kept = get_count(r, "chunks that are looked at", 0, kMaxChunks);
  const std::uint8_t policy = r.u8();
  if (policy > static_cast<std::uint8_t>(Policy::hidden)) r.fail("has an unknown policy of encryption");
  chunked.policy = static_cast<Policy>(policy);
  const bool hidden = chunked.policy == Policy::hidden;
  if (hidden != (chunked.cut.kept != 0)) r.fail("hides another number of chunks than it looks at");
  chunked.wide = get_count(r, "chunks side by side", 1, client.slots());
  chunked.score = get_mark(r) ? ChunkScore::maximum : ChunkScore::mean;
  chunked.threshold = r.f64();
  const bool fits = std::isfinite(chunked.threshold) && chunked.threshold >= 0 && chunked.threshold <= kMaxGradient;
  if (!fits || !std::has_single_bit(chunked.wide)) r.fail("has a threshold or a width of chunks that there is not");
  try {
    check_chunking(chunked.cut);
  } catch (const ParameterError& e) {
    r.fail(std::string("says of ") + e.what());
  }
  if (client.mode == Mode::batched && chunked.policy == Policy::features) r.fail("has a policy that is packed only");
  client.chunks = chunked;
}

/// Places, each below `most`.
std::vector<std::uint32_t> get_slots(ByteReader& r, const char* name, std::size_t most) {
  const std::size_t count = get_count(r, name, 0, std::min(kMaxValues, r.left() / 4));
  std::vector<std::uint32_t> places(count, 0);
  for (auto& place : places) {
    place = r.u32();
    if (place >= most) r.fail(std::string("has ") + name + " outside the layout");
  }
  return places;
}

/// Where each value's places begin: all of them have some, and no two the same one.
void read_begins(ByteReader& r, ClientSpec& client) {
  const std::size_t places = client.input_slots.size(), unit = client.unit().size();
  client.input_begin = get_slots(r, "beginnings of input slots", places + 1);
  if (client.input_begin.empty()) return;
  const auto& begin = client.input_begin;
  const bool whole = begin.size() == unit + 1 && begin.front() == 0 && begin.back() == places && places > unit;
  if (!whole || std::ranges::adjacent_find(begin, std::greater_equal<>()) != begin.end()) {
    r.fail("has values without a place of their own");
  }
  std::vector<bool> taken(client.period, false);
  for (const std::uint32_t place : client.input_slots) {
    if (taken[place]) r.fail("has two values at one place");
    taken[place] = true;
  }
}

void check_packed(ByteReader& r, const ClientSpec& client, std::size_t slots) {
  const std::size_t width = client.width(), unit = client.unit().size();
  const std::size_t places = std::has_single_bit(width) && width <= slots ? slots / width : 0;
  const bool period_fits =
      client.period < places ? std::has_single_bit(client.period) : places > 0 && client.period % places == 0;
  const bool one_picture = !client.chunks || client.images == 1;
  const bool in_memory = std::uint64_t{client.period} * width <= kMaxSlots;
  const bool all_placed = !client.input_begin.empty() || client.input_slots.size() == unit;
  if (!period_fits || client.period < unit || !all_placed || client.output_slots.size() != client.outputs ||
      !one_picture || !in_memory) {
    r.fail("has a layout that does not fit");
  }
}

void read_keys(ByteReader& r, ClientSpec& client) {
  const std::size_t limbs = client.parameters.q.size();
  client.keys.relin_limbs = get_count(r, "limbs of the relinearisation key", 0, limbs);
  const std::size_t count = get_count(r, "rotation keys", 0, r.left() / 8);
  std::uint64_t last = 1;  // the identity needs no key
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t element = r.u32();
    if (element % 2 == 0 || element <= last || element >= 4 * client.slots()) r.fail("asks for a key of no rotation");
    client.keys.galois[element] = get_count(r, "limbs of a key", 1, limbs);
    last = element;
  }
}

void read_layout(ByteReader& r, ClientSpec& client) {
  const std::size_t slots = std::size_t{1} << (client.parameters.log_degree - 1);
  client.input_scale = get_positive(r, "scale");
  if (client.input_scale > 0x1p60) r.fail("has a scale over 2^60");
  client.input_limbs = get_count(r, "limbs", 1, client.parameters.q.size());
  client.period = get_count(r, "period", 0, kMaxValues);
  client.images = get_count(r, "images", 1, slots);
  const bool batched_chunks = client.chunks && client.mode == Mode::batched;
  if (batched_chunks &&
      (client.chunks->wide > slots / client.images || client.chunks->wide < client.chunks->cut.used())) {
    r.fail("has chunks that its slots do not hold");
  }
  const bool packed = client.mode == Mode::packed;
  client.input_slots = get_slots(r, "input slots", packed ? client.period : 0);
  if (packed) read_begins(r, client);
  client.outputs = get_count(r, "outputs", 1, kMaxValues);
  client.output_slots = get_slots(r, "output slots", kMaxValues);
  if (packed) check_packed(r, client, slots);
  client.output_factor = get_positive(r, "output factor");
  client.reply_gap = get_count(r, "reply gap", 1, slots);
  if (slots % client.reply_gap != 0) r.fail("has a reply gap that does not divide the slots");
  // Several replies are whole ciphertexts.
  const std::size_t most = (client.reply_gap == 1 && packed ? kMostReplies : 1) * slots / client.reply_gap;
  for (const auto s : client.output_slots) {
    if (s >= most / (packed ? client.images : 1)) r.fail("has an output slot outside the reply");
  }
  client.reply_bits = static_cast<int>(get_count(r, "reply bits", 1, 60));
  client.reply_scale = get_positive(r, "reply scale");
  client.logit_error = get_positive(r, "logit error");
  client.noise = get_positive(r, "noise");
  client.fit_error = r.f64();
  if (!(std::isfinite(client.fit_error) && client.fit_error >= 0)) r.fail("has an error of fitting that is none");
  client.logit_range = r.f64();
  if (!(std::isfinite(client.logit_range) && client.logit_range >= 0)) r.fail("has a range of logits that is none");
  const std::uint8_t head = r.u8();
  if (head > static_cast<std::uint8_t>(Head::sigmoid)) r.fail("has an unknown end of the network");
  client.head = static_cast<Head>(head);
  client.zeros_between = get_mark(r);
  read_keys(r, client);
  std::ranges::copy(r.raw(client.key.size()), client.key.begin());
}

void put_chunks(ByteWriter& w, const ClientSpec& client) {
  w.u8(client.chunks ? 1 : 0);
  if (!client.chunks) return;
  const Chunked& chunked = *client.chunks;
  for (const std::size_t v : {chunked.cut.height, chunked.cut.width, chunked.cut.kept}) {
    w.u32(static_cast<std::uint32_t>(v));
  }
  w.u8(static_cast<std::uint8_t>(chunked.policy));
  w.u32(static_cast<std::uint32_t>(chunked.wide));
  w.u8(chunked.score == ChunkScore::maximum ? 1 : 0);
  w.f64(chunked.threshold);
}

void put_keys(ByteWriter& w, const ckks::KeyRequest& keys) {
  w.u32(static_cast<std::uint32_t>(keys.relin_limbs));
  w.u32(static_cast<std::uint32_t>(keys.galois.size()));
  for (const auto& [element, limbs] : keys.galois) {
    w.u32(static_cast<std::uint32_t>(element));
    w.u32(static_cast<std::uint32_t>(limbs));
  }
}

}  // namespace

ckks::Bytes write_client_spec(const ClientSpec& client) {
  ByteWriter w;
  w.u8(kClientVersion);
  w.raw(client.program);
  w.u8(static_cast<std::uint8_t>(client.mode));
  w.text(client.network);
  const auto parameters = ckks::write_parameters(client.parameters);
  w.u32(static_cast<std::uint32_t>(parameters.size()));
  w.raw(parameters);
  for (const std::size_t v : {client.input.channels, client.input.height, client.input.width}) {
    w.u32(static_cast<std::uint32_t>(v));
  }
  put_floats(w, client.preprocessing.mean);
  put_floats(w, client.preprocessing.std);
  w.u32(static_cast<std::uint32_t>(client.preprocessing.classes.size()));
  for (const auto& name : client.preprocessing.classes) w.text(name.substr(0, 256));
  w.text(client.preprocessing.colour);
  w.u8(client.preprocessing.stated ? 1 : 0);
  for (const float v : client.preprocessing.range) w.f64(v);
  w.u8(client.preprocessing.equalise ? 1 : 0);
  put_chunks(w, client);
  w.f64(client.input_scale);
  for (const std::size_t v : {client.input_limbs, client.period, client.images}) w.u32(static_cast<std::uint32_t>(v));
  put_slots(w, client.input_slots);
  if (client.mode == Mode::packed) put_slots(w, client.input_begin);
  w.u32(static_cast<std::uint32_t>(client.outputs));
  put_slots(w, client.output_slots);
  w.f64(client.output_factor);
  w.u32(static_cast<std::uint32_t>(client.reply_gap));
  w.u32(static_cast<std::uint32_t>(client.reply_bits));
  w.f64(client.reply_scale);
  w.f64(client.logit_error);
  w.f64(client.noise);
  w.f64(client.fit_error);
  w.f64(client.logit_range);
  w.u8(static_cast<std::uint8_t>(client.head));
  w.u8(client.zeros_between ? 1 : 0);
  put_keys(w, client.keys);
  w.raw(client.key);
  return ckks::seal_envelope(ckks::Kind::client, ckks::digest_of(client.parameters), w.bytes());
}

ClientSpec read_client_spec(ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = ckks::open_envelope(bytes, ckks::Kind::client, what);
  ByteReader r(envelope.payload, std::string(what));
  ClientSpec client;
  if (r.u8() != kClientVersion) r.fail("was made by another version of obscura: make keys again");
  const auto program = r.raw(client.program.size());
  std::copy(program.begin(), program.end(), client.program.begin());
  const std::uint8_t mode = r.u8();
  if (mode > 1) r.fail("has an unknown layout");
  client.mode = static_cast<Mode>(mode);
  client.network = r.text(4096);
  client.parameters = ckks::read_parameters(r.raw(r.u32()), what);
  if (ckks::digest_of(client.parameters) != envelope.digest) r.fail("has parameters that are not those it names");
  read_network(r, client);
  read_chunks(r, client);
  read_layout(r, client);
  r.finish();
  return client;
}

}  // namespace obscura::message
