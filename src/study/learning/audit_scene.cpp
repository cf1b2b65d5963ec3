#include "study/learning/audit_scene.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "audit/scene/controls.h"
#include "audit/scene/drawn_images.h"
#include "base/error.h"
#include "base/notes.h"
#include "ckks/encoder.h"
#include "ckks/wire.h"
#include "image/dataset.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"
#include "shield/random.h"
#include "study/shield_key.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr const char* kDrawn = "drawn";
constexpr std::size_t kSmall = 64;  ///< pixels a side below which patches of 16 would be too few

/// The victims' images, then the public ones.
struct Images {
  image::Dataset victims;
  image::Dataset publics;
};

bool is_network(const std::string& shield) {
  return shield == "neuracrypt" || shield == "color-neuracrypt";
}

image::Dataset resized(const image::Dataset& set, std::size_t channels, std::size_t side) {
  if (set.channels == channels && (side == 0 || (set.height == side && set.width == side))) return set;
  image::Dataset out = set;
  out.channels = channels;
  if (side != 0) out.height = out.width = side;
  out.images.clear();
  for (std::size_t n = 0; n < set.count; ++n) {
    const image::Image image = set.image(n);
    const auto planar = image::to_planar(image::conform(image, channels, out.height, out.width).image);
    out.images.insert(out.images.end(), planar.begin(), planar.end());
  }
  return out;
}

/// So many images of the set, drawn without repetition.
image::Dataset drawn_from(const image::Dataset& set, std::size_t count, std::uint64_t seed) {
  if (set.count < count) return set;
  image::Dataset out = set;
  out.count = count;
  out.images.clear();
  out.labels.clear();
  const std::array<std::uint64_t, 1> number{seed};
  const auto order = shield::Draws(shield::derive({}, "obscura: audit victims", number)).permutation(set.count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto pixels = set.pixels(order[n]);
    out.images.insert(out.images.end(), pixels.begin(), pixels.end());
    out.labels.push_back(set.labels.at(order[n]));
  }
  return out;
}

Images load_images(const AuditOptions& o, const Notes& note) {
  const std::size_t wanted = o.images + o.known;
  const auto drawn = [&] {
    const std::size_t side = o.side == 0 ? 32 : o.side;
    return Images{audit::drawn_images(wanted, side, side, 1), audit::drawn_images(o.publics, side, side, 2)};
  };
  if (o.draw != 0 && o.dataset == kDrawn) throw UsageError("--draw chooses among the images of a set, not of 'drawn'");
  if (o.dataset == kDrawn) return drawn();
  const std::string name = o.dataset.empty() ? "cifar-10" : o.dataset;
  try {
    const image::Dataset victims = image::load_dataset(name, image::Split::test, o.data, o.draw == 0 ? wanted : 0);
    return {o.draw == 0 ? victims : drawn_from(victims, wanted, o.draw),
            image::load_dataset(name, image::Split::train, o.data, o.publics)};
  } catch (const IoError&) {
    if (!o.dataset.empty()) throw;
    note("cifar-10 is not here: attacks are tried on drawn images instead (--dataset drawn)");
    return drawn();
  }
}

shield::Key audit_key(const AuditOptions& o, std::size_t channels, std::size_t side) {
  shield::Key key;
  shield::Parameters& p = key.parameters;
  p.shield = o.shield;
  p.block = o.block != 0 || !is_network(o.shield) || side >= kSmall ? o.block : 4;
  const bool usually_real = o.shield == "hill" || is_network(o.shield);
  if (o.arithmetic.empty() ? usually_real : o.arithmetic == "real") p.arithmetic = shield::Arithmetic::real;
  p.depth = o.depth;
  p.hidden = o.hidden;
  if (o.shield == "neuracrypt") p.channels = channels;
  p = shield::complete(p);
  const std::array<std::uint64_t, 1> number{o.seed};
  key.seed = shield::derive({}, "obscura: audit key", number);
  return key;
}

shield::Key given_key(const AuditOptions& o) {
  KeyOptions wanted;
  wanted.file = o.key;
  wanted.sealing = o.sealing;
  wanted.shield = o.shield;
  wanted.block = o.block;
  wanted.arithmetic = o.arithmetic;
  wanted.depth = o.depth;
  wanted.hidden = o.hidden;
  return take_key(wanted, o.data, [] { return std::size_t{3}; });
}

/// The same nonces for the same seed: an audit can be repeated.
shield::Nonce nonce_of(std::uint64_t seed, std::uint64_t number) {
  const std::array<std::uint64_t, 2> numbers{seed, number};
  const shield::Seed drawn = shield::derive({}, "obscura: audit nonce", numbers);
  shield::Nonce out{};
  std::copy_n(drawn.begin(), out.size(), out.begin());
  return out;
}

/// Bytes of fresh CKKS ciphertexts of the image, as they would travel.
audit::Encrypt ckks_bytes() {
  struct Owner {
    ckks::ContextPtr context = ckks::Context::create(ckks::make_parameters(13, {50, 40, 40}, {50}, 1));
    ckks::Encoder encoder{context};
    ckks::SecretKey key{context};
  };
  const auto owner = std::make_shared<const Owner>();
  return [owner](const image::Image& image, std::span<std::uint8_t> out) {
    std::vector<double> values(image.pixels.begin(), image.pixels.end());
    values.resize(std::min<std::size_t>(values.size(), owner->context->degree() / 2));
    for (std::size_t at = 0; at < out.size();) {
      const auto cipher = ckks::SecretEncryptor(owner->key).encrypt(owner->encoder, values, 0x1p30, 2);
      const ckks::Bytes bytes = ckks::write_seeded_ciphertext(*owner->context, cipher);
      // Without the envelope, which says what it is and is alike in all files.
      const std::span payload = std::span(bytes).subspan(256, bytes.size() - 256 - 64);
      const std::size_t count = std::min(payload.size(), out.size() - at);
      std::copy_n(payload.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(at));
      at += count;
    }
  };
}

audit::Oracle make_oracle(const AuditOptions& o, const shield::Key& key,
                          const std::shared_ptr<const shield::Shield>& shield) {
  if (!o.control.empty()) {
    audit::Encrypt encrypt = o.control == "ckks" ? ckks_bytes() : audit::chacha20(key.seed);
    return [shield, inner = audit::control(*shield, std::move(encrypt))](const image::Image& i) { return inner(i); };
  }
  if (!o.per_image) return [shield](const image::Image& image) { return shield->protect(image); };
  return [key, seed = o.seed, calls = std::make_shared<std::uint64_t>(0)](const image::Image& image) {
    return shield::make_shield(key, nonce_of(seed, (*calls)++))->protect(image);
  };
}

void require_enough(const AuditOptions& o, const Images& images) {
  const auto refuse = [](const image::Dataset& set, std::size_t wanted, const char* what) {
    throw ParameterError(fmt::format("{} has {} {} images, and {} are wanted", set.name, set.count, what, wanted));
  };
  if (images.victims.count < o.images + o.known) refuse(images.victims, o.images + o.known, "test");
  if (images.publics.count < 2) refuse(images.publics, 2, "training");
}

}  // namespace

AuditScene make_audit_scene(const AuditOptions& o, const Notes& note) {
  if (o.key.empty() && o.sealing.seal_new) throw UsageError("a passphrase is for the owner's --key");
  if (o.key.empty() && o.shield.empty()) throw UsageError("name a shield to attack: --shield, or a key: --key");
  if (o.images < 2 || o.images > 100'000 || o.publics > 1'000'000 || o.known > 100'000 || o.side > 1024) {
    throw UsageError("--images is 2 to 100000, --known to 100000, --publics to 1000000, --side to 1024");
  }
  // Names and keys first: loading images takes a while.
  shield::Key key;
  if (!o.key.empty())
    key = given_key(o);
  else
    audit_key(o, 3, kSmall);
  Images images = load_images(o, note);
  require_enough(o, images);
  const std::size_t side = o.side == 0 ? std::max(images.victims.height, images.victims.width) : o.side;
  if (o.key.empty()) key = audit_key(o, images.victims.channels, side);
  AuditScene out;
  out.options = o;
  out.shield = shield::make_shield(key);
  const std::size_t channels = out.shield->takes_channels(images.victims.channels) ? images.victims.channels
                               : out.shield->takes_channels(3)                     ? 3
                                                                                   : 1;
  if (channels != images.victims.channels) {
    note(fmt::format("{} takes images of {} channels: {} are made so", out.shield->name(), channels,
                     images.victims.name));
  }
  images.victims = resized(images.victims, channels, o.side);
  images.publics = resized(images.publics, channels, side == images.victims.height ? o.side : 0);
  std::vector<image::Image> victims;
  for (std::size_t n = 0; n < o.images + o.known; ++n) victims.push_back(images.victims.image(n));
  out.dataset = images.victims.name;
  out.key = o.key.empty() ? fmt::format("drawn from seed {}, for audits only", o.seed) : o.key.string();
  out.scene =
      audit::make_scene(*out.shield, make_oracle(o, key, out.shield), victims, o.known, std::move(images.publics));
  out.scene.per_image = o.per_image;
  out.scene.seed = o.seed;
  out.scene.quick = o.quick;
  out.scene.threads = o.threads;
  return out;
}

}  // namespace obscura::study
