#include "owner/key_files.h"

#include "base/error.h"
#include "message/client_wire.h"
#include "owner/client_tag.h"
#include "secret/wire.h"

namespace obscura::owner {

void require_secure_for_keys(const message::ClientSpec& client) {
  if (!client.parameters.insecure) return;
  // Whoever sends a client spec chooses its parameters.
  throw MismatchError("the client spec of " + client.network +
                      " has parameters that are marked insecure: what is encrypted with them is not protected. Keys "
                      "are made for what compile writes");
}

void require_secure(const message::ClientSpec& client, const std::string& spec) {
  if (!client.parameters.insecure) return;
  throw MismatchError(spec +
                      " has parameters that are marked insecure: what is encrypted with them is not protected. Make "
                      "keys for a network with keygen");
}

void require_tag(const std::string& tag, const ckks::SecretKey& key, ckks::ByteSpan client_file,
                 const std::string& what) {
  if (tag == client_tag(key, client_file) + "\n") return;
  throw MismatchError(what +
                      " is not the tag of the client.spec beside it: one of them was altered since keygen wrote them; "
                      "restore both, or make new keys");
}

KeyFiles write_key_files(const Owner& owner, const DecryptionCount& count, const ckks::Sealing& sealing) {
  require_secure_for_keys(owner.client());
  KeyFiles files;
  files.client = message::write_client_spec(owner.client());
  files.tag = client_tag(owner.key(), files.client) + "\n";
  files.decryptions = write_decryption_count(owner.key().id(), count);
  files.secret = ckks::write_secret_key(owner.key(), sealing, "secret.key");
  return files;
}

OpenedKeys open_key_files(const KeyFiles& files, const ckks::PassphraseSource& passphrase) {
  auto client = message::read_client_spec(files.client, "client.spec");
  require_secure(client, "client.spec");
  auto secret = ckks::read_secret_key(files.secret, passphrase, "secret.key");
  if (client.key != secret.id()) {
    throw MismatchError("client.spec and secret.key are of different keygen runs (keys " +
                        message::hex_of(client.key).substr(0, 8) + " and " + message::hex_of(secret.id()).substr(0, 8) +
                        ")");
  }
  require_tag(files.tag, secret, files.client, "client.tag");
  const DecryptionCount count = files.decryptions.empty()
                                    ? DecryptionCount{0, false}
                                    : read_decryption_count(files.decryptions, secret.id(), "decryptions");
  return {Owner(std::move(client), std::move(secret)), count};
}

}  // namespace obscura::owner
