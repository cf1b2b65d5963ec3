#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "calls.h"
#include "ckks/context.h"
#include "message/client_wire.h"
#include "objects.h"
#include "owner/public_face.h"
#include "owner_session.h"
#include "parts.h"
#include "secret/sealed.h"
#include "secret/wire.h"

extern "C" void obscura_progress(double done, double total);

namespace obscura::web {
namespace {

constexpr std::size_t kMostPictures = std::size_t{1} << 17;

Objects<OwnerSession>& owners() {
  static Objects<OwnerSession> all("owner");
  return all;
}

/// passphrase:text memory_kib:u32 passes:u32
SealWith seal_in(ByteReader& in) {
  SealWith seal{text_in(in)};
  seal.cost.memory_kib = in.u32();
  seal.cost.passes = in.u32();
  return seal;
}

owner::KeyFiles files_in(ByteReader& in) {
  owner::KeyFiles files;
  const auto take = [&](auto& to) {
    const auto bytes = bytes_in(in);
    to.assign(bytes.begin(), bytes.end());
  };
  take(files.secret), take(files.client), take(files.tag), take(files.decryptions);
  return files;
}

void put_network(const OwnerSession& owner, ByteWriter& out) {
  const NetworkFacts facts = owner::facts_of(owner.client());
  const ckks::Context& context = owner.context();
  const ckks::Parameters& parameters = context.parameters();
  out.text(printable(facts.name));
  for (const std::size_t n : {facts.width, facts.height, facts.channels}) out.u32(static_cast<std::uint32_t>(n));
  out.text(facts.preprocessing);
  out.u32(static_cast<std::uint32_t>(facts.classes.size()));
  for (const auto& name : facts.classes) out.text(printable(name));
  out.u32(static_cast<std::uint32_t>(facts.images_per_query));
  out.f64(facts.logit_error);
  out.u32(static_cast<std::uint32_t>(context.degree()));
  out.f64(ckks::log2_product(parameters.q) + ckks::log2_product(parameters.p));
  out.u32(static_cast<std::uint32_t>(context.security_bits()));
  out.raw(owner.client().key);
}

/// count:u32 (width:u32 height:u32 channels:u32 samples)...
std::vector<std::vector<float>> pictures_in(ByteReader& in, const message::ClientSpec& client) {
  const std::size_t count = in.u32();
  if (count > kMostPictures) throw MismatchError("more pictures than a query holds");
  std::vector<std::vector<float>> values;
  const auto samples_of = [](const Pixels& p) { return std::uint64_t{p.width} * p.height * p.channels; };
  for (std::size_t i = 0; i < count; ++i) {
    Pixels picture;
    picture.width = in.u32(), picture.height = in.u32(), picture.channels = in.u32();
    const auto samples = bytes_in(in);
    if (samples_of(picture) != samples.size()) in.fail("does not hold the samples that it announces");
    picture.values.assign(samples.begin(), samples.end());
    const ckks::WipeAtEnd wiped(picture.values);
    values.push_back(owner::values_of(picture, client));
  }
  return values;
}

std::vector<std::vector<float>> values_in(ByteReader& in) {
  const std::size_t count = in.u32();
  if (count > kMostPictures) throw MismatchError("more images than a query holds");
  std::vector<std::vector<float>> values(count);
  for (auto& image : values) {
    const std::size_t numbers = in.u32();
    if (numbers > in.left() / 4) in.fail("is truncated");
    for (std::size_t i = 0; i < numbers; ++i) {
      image.push_back(std::bit_cast<float>(in.u32()));
      if (!(std::abs(image.back()) <= 1e30F)) throw UsageError("an image holds a number that is not finite");
    }
  }
  return values;
}

void put_predictions(const std::vector<Prediction>& predictions, ByteWriter& out) {
  out.u32(static_cast<std::uint32_t>(predictions.size()));
  for (const Prediction& one : predictions) {
    put_numbers(out, one.logits);
    put_numbers(out, one.probabilities);
    out.u32(static_cast<std::uint32_t>(one.index));
    out.text(printable(one.label));
    out.f64(one.confidence);
    out.text(one.doubt);
  }
}

void put_files(const OwnerSession& owner, ByteReader& in, ByteWriter& out) {
  owner::KeyFiles files = owner.files(seal_in(in));
  const ckks::WipeAtEnd wiped(files.secret);
  out.bytes().reserve(files.secret.size() + files.client.size() + 4096);  // nothing of the secret is left behind
  put_bytes(out, files.secret);
  put_bytes(out, files.client);
  out.text(files.tag);
  out.text(files.decryptions);
}

/// A secret.key as it is in files, sealed or not, becomes the other.
void put_key(const ckks::SecretKey& key, const SealWith& seal, ByteWriter& out) {
  const auto text = std::make_shared<const ckks::Passphrase>(seal.passphrase);
  const auto source = [text](const std::string& /*what*/, ckks::PassphraseUse /*use*/) { return *text; };
  out.raw(ckks::write_secret_key(key, ckks::Sealing{source, true, seal.cost}));
}

void seal_key(ByteReader& in, ByteWriter& out) {
  const SealWith seal = seal_in(in);
  const auto key = ckks::read_secret_key(bytes_in(in), "secret.key");
  put_key(key, seal, out);
}

void unseal_key(ByteReader& in, ByteWriter& out) {
  const auto text = std::make_shared<const ckks::Passphrase>(text_in(in));
  const auto source = [text](const std::string& /*what*/, ckks::PassphraseUse /*use*/) { return *text; };
  ckks::Bytes file = ckks::write_secret_key(ckks::read_secret_key(bytes_in(in), source, "secret.key"));
  const ckks::WipeAtEnd wiped(file);
  out.bytes().reserve(file.size());
  out.raw(file);
}

/// Of files that need not be opened: whose keys they are, as far as that can be told without a passphrase.
void put_description(ByteReader& in, ByteWriter& out) {
  const auto secret = bytes_in(in);
  const auto client = message::read_client_spec(bytes_in(in), "client.spec");
  const bool sealed = ckks::holds_sealed_secret_key(secret);
  const ckks::KeyId key = sealed ? ckks::read_sealed_secret_key(secret, "secret.key").key
                                 : ckks::read_secret_key(secret, "secret.key").id();
  if (key != client.key) throw MismatchError("client.spec and secret.key are of different keygen runs");
  out.text(printable(client.network));
  out.raw(key);
}

void do_secret_call(Call call, ByteReader& in, ByteWriter& out) {
  switch (call) {
    case Call::create_owner:
      return out.u32(owners().add(std::make_unique<OwnerSession>(bytes_in(in))));
    case Call::open_owner: {
      owner::KeyFiles files = files_in(in);
      const ckks::WipeAtEnd wiped(files.secret);
      return out.u32(owners().add(std::make_unique<OwnerSession>(files, text_in(in))));
    }
    case Call::seal_key:
      return seal_key(in, out);
    case Call::describe_keys:
      return put_description(in, out);
    case Call::unseal_key:
      return unseal_key(in, out);
    default:
      throw UsageError("a call that there is not");
  }
}

void encrypt(OwnerSession& owner, std::vector<std::vector<float>> values, ByteWriter& out) {
  const ckks::WipeAtEnd wiped(values);
  out.bytes() = owner.encrypt(values);
}

}  // namespace

bool free_owner(std::uint32_t object) {
  return owners().remove(object);
}

void do_owner_call(Call call, std::uint32_t object, ByteReader& in, ByteWriter& out) {
  if (object == 0) return do_secret_call(call, in, out);
  OwnerSession& owner = owners().at(object);
  switch (call) {
    case Call::network:
      return put_network(owner, out);
    case Call::evaluation_keys:
      out.bytes() = owner.evaluation_keys([](std::size_t done, std::size_t total) {
        obscura_progress(static_cast<double>(done), static_cast<double>(total));
      });
      return;
    case Call::encrypt:
      return encrypt(owner, pictures_in(in, owner.client()), out);
    case Call::encrypt_values:
      return encrypt(owner, values_in(in), out);
    case Call::read: {
      const std::uint64_t share = in.u32();
      return put_predictions(owner.read(bytes_in(in), share), out);
    }
    case Call::decryptions:
      return out.f64(static_cast<double>(owner.decryptions().count));
    case Call::files:
      return put_files(owner, in, out);
    case Call::query_of:
      return out.raw(owner.query_of(bytes_in(in)));
    case Call::record:
      return out.raw(owner.record(id_in<message::QueryId>(in)));
    case Call::records:
      for (const auto& id : owner.records()) out.raw(id);
      return;
    case Call::remember:
      return owner.remember(bytes_in(in));
    default:
      throw UsageError("a call that there is not");
  }
}

}  // namespace obscura::web
