#include "study/remote/remote_query.h"

#include "message/messages.h"

namespace obscura::study {

RemoteCost cost_between(const remote::Traffic& before, const remote::Traffic& after, double seconds, double keys) {
  RemoteCost cost;
  cost.up = after.up - before.up, cost.down = after.down - before.down;
  cost.server = after.seconds - before.seconds;
  cost.keys = keys;
  cost.local = std::max(seconds - cost.server - keys, 0.0);
  return cost;
}

Decryption ask_model(remote::Remote& remote, const remote::ModelFacts& model, const ModelKeys& keys,
                     std::span<const QueryImage> images, ThreadPool& pool, const Notes& note, ckks::Bytes* sent) {
  const owner::Owner& owner = *keys.owner;
  std::vector<std::vector<float>> values;
  for (const auto& image : images) values.push_back(image.values);
  const auto query = owner.encrypt(values, &pool);
  const auto bytes = message::write_query(*owner.context(), query);
  // Recorded first: an answer to a query that nobody recorded cannot be checked.
  owner::QueryRecord record{query.key, message::ticket_of(query), {}};
  for (const auto& image : images) record.images.push_back({image.file, image.warning});
  keys.folder.remember(record);
  if (sent != nullptr) *sent = bytes;
  const auto answer = remote.infer(model.name, bytes, provider_of(evaluation_file(keys.folder), note));
  return decrypt_answer(keys.folder, owner, answer, "the answer of model " + model.name, 0, pool);
}

}  // namespace obscura::study
