#include "serve/grpc/obscura_messages.h"

namespace obscura::serve::grpc_front {
namespace {

v1::KeyState state_of(KeyState state) {
  switch (state) {
    case KeyState::absent:
      return v1::KEY_STATE_ABSENT;
    case KeyState::partial:
      return v1::KEY_STATE_PARTIAL;
    case KeyState::ready:
      return v1::KEY_STATE_READY;
  }
  return v1::KEY_STATE_UNSPECIFIED;
}

}  // namespace

void write_status(const KeyStatus& status, v1::KeyStatus& message) {
  message.set_hash(status.hash);
  message.set_state(state_of(status.state));
  message.set_bytes(status.bytes);
  message.set_total(status.total);
  if (status.state != KeyState::ready) return;
  message.set_key_id(status.key_id);
  message.set_created(status.created);
  message.set_last_used(status.last_used);
  message.set_expires(status.expires);
  for (const std::string& model : status.models) message.add_models(model);
}

void write_gallery(const GalleryFacts& gallery, v1::GalleryFacts& message) {
  message.set_name(gallery.name);
  message.set_id(gallery.id);
  message.set_version(gallery.version);
  message.set_images(gallery.images);
  for (const std::string& mode : gallery.modes) message.add_modes(mode);
  message.set_blind_model(gallery.blind_model);
  message.set_max_query_bytes(gallery.max_query_bytes);
  message.set_max_fetch_bytes(gallery.max_fetch_bytes);
  message.set_max_trusted_bytes(gallery.max_trusted_bytes);
}

void write_file(const Bytes& bytes, v1::File& message) {
  message.set_data(bytes.data(), bytes.size());
}

Bytes bytes_of(const std::string& data) {
  return {data.begin(), data.end()};
}

}  // namespace obscura::serve::grpc_front
