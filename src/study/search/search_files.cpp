#include "study/search/search_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "ckks/digest.h"
#include "ckks/wire.h"
#include "report/text.h"
#include "search/gallery_fetch.h"
#include "search/messages.h"
#include "search/owner/fetch_owner.h"
#include "search/owner/score_owner.h"
#include "search/score_table.h"
#include "secret/sealed_file.h"
#include "secret/wire.h"
#include "study/search/gallery_scores.h"
#include "study/search/owner_steps.h"
#include "study/search/search_record.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using search::GalleryCard;

void write(SearchFiles& files, const fs::path& path, const ckks::Bytes& bytes) {
  fs::create_directories(path.parent_path());
  write_file(path, bytes);
  files.written.push_back(path);
  files.lines.push_back(fmt::format("{}  {}", path.string(), report::bytes_text(bytes.size())));
}

GalleryCard card_of(const fs::path& info) {
  const fs::path file = info / kCardFile;
  return read_checked_card(read_file(file), file.string());
}

GalleryCard card_of(search::Gallery& gallery, const fs::path& folder, const ring::Seed& seed) {
  const auto state = gallery.state();
  if (state.images == 0) throw UsageError(folder.string() + " is an empty gallery: index pictures first");
  const auto vectors = gallery.vectors();
  return {gallery.form(), {state.id, state.version}, search::record_bytes(gallery.form()), vectors.taken, seed};
}

void answer_question(search::Gallery& gallery, const fs::path& folder, const search::GalleryVersion& version,
                     const fs::path& question, const fs::path& keys, const fs::path& out, ThreadPool& pool,
                     SearchFiles& files) {
  const search::ScoreTable table = search::scores_of(
      gallery, folder, gallery.vectors(), pool, Notes([&](const std::string& line) { files.lines.push_back(line); }));
  const ckks::Context& context = *table.context();
  const auto query = search::read_gallery_query(context, version, read_file(question), question.string());
  const auto read = ckks::read_evaluation_keys(read_file(keys), keys.string());
  if (read.keys.key != query.key) {
    throw MismatchError(keys.string() + " are keys of another owner than the question's: take those that came with it");
  }
  const ckks::Evaluator evaluator(table.context(), std::make_shared<ckks::EvaluationKeys>(context, read.keys, &pool));
  const auto scores = table.scores(expand(context, query.vector), evaluator, pool);
  write(files, out / kScoresFile, search::write_gallery_answer(context, {version, query.key, query.question, scores}));
}

void answer_fetch(search::Gallery& gallery, const GalleryCard& card, const fs::path& fetch, const fs::path& out,
                  ThreadPool& pool, SearchFiles& files) {
  const auto shape = card.shape();
  const auto request = search::read_fetch_request(card.gallery, shape, read_file(fetch), fetch.string());
  const auto table = search::fetch_table_of(gallery, shape, card.taken);
  write(files, out / kFetchedFile,
        search::write_fetch_reply({card.gallery, request.question, table.answer(request.queries, pool)}));
}

/// Of the record in an owner's folder: sealed like the key beside it, and whenever a passphrase was named.
ckks::Sealing sealing_of_record(ckks::Sealing sealing, const fs::path& secret) {
  const fs::path record = secret / kSearchRecordFile;
  std::error_code ec;
  sealing.seal_new = sealing.seal_new || ckks::is_sealed_secret_key(secret / kSearchSecretFile) ||
                     (fs::exists(record, ec) && ckks::is_sealed_file(record));
  return sealing;
}

void read_scores(const OwnerReading& reading, const GalleryCard& card, SearchRecord record, OwnerRead& out) {
  const auto plan = card.plan();
  const search::ScoreOwner owner(plan,
                                 ckks::load_secret_key(reading.secret / kSearchSecretFile, reading.sealing.passphrase));
  const fs::path file = reading.answer / kScoresFile;
  const auto answer = search::read_gallery_answer(*owner.context(), card.gallery, read_file(file), file.string());
  if (answer.key != owner.key().id() || answer.question != record.question) {
    throw MismatchError(file.string() + " answers another question than the last one of " + reading.secret.string());
  }
  const auto distances = distances_of_scores(owner.read(answer.scores, card.taken.size()), card);
  record.places.clear(), record.distances.clear();
  std::vector<std::size_t> wanted;
  for (const auto place : search::nearest(distances, reading.top)) {
    wanted.push_back(place);
    record.places.push_back(place), record.distances.push_back(distances[place]);
    out.hits.push_back({place, distances[place], {}, {}});
  }
  if (const std::string ties = ties_text(distances, wanted); !ties.empty()) out.files.lines.push_back(ties);
  search::FetchOwner fetcher(card.shape(), card.hint_seed);
  const auto queries = fetcher.ask(wanted);
  record.fetch = fetcher.secrets();
  const ckks::WipeAtEnd wiped(record.fetch);
  write_record_file(reading.secret / kSearchRecordFile, record, sealing_of_record(reading.sealing, reading.secret));
  write(out.files, reading.out / kFetchFile, search::write_fetch_request({card.gallery, record.question, queries}));
}

void read_pictures(const OwnerReading& reading, const GalleryCard& card, const SearchRecord& record, OwnerRead& out) {
  if (record.fetch.empty()) throw UsageError(reading.secret.string() + " has asked for no pictures yet");
  const auto shape = card.shape();
  const fs::path file = reading.answer / kFetchedFile, hint_file = reading.info / kHintFile;
  const auto reply = search::read_fetch_reply(card.gallery, shape, read_file(file), file.string());
  if (reply.question != record.question) {
    throw MismatchError(file.string() + " answers another fetch than the last one of " + reading.secret.string());
  }
  const auto hint = search::read_hint(card.gallery, shape, read_file(hint_file), hint_file.string());
  if (hint.seed != card.hint_seed) throw MismatchError(hint_file.string() + " is not the hint of the card beside it");
  search::FetchOwner fetcher(shape, hint.seed);
  fetcher.resume(record.fetch);
  const auto records = fetcher.read(hint, reply.answers);
  for (std::size_t i = 0; i < records.size(); ++i) {
    out.hits.push_back(hit_of(record.places[i], record.distances[i], records[i], card.form));
  }
  out.pictures = true;
}

}  // namespace

SearchFiles publish_gallery(const fs::path& folder, const fs::path& out, std::size_t threads) {
  auto gallery = search::Gallery::open(folder);
  const auto seed = ring::random_seed();
  const GalleryCard card = card_of(gallery, folder, seed);
  ThreadPool pool(threads);
  const auto hint = search::make_hint(search::fetch_table_of(gallery, card.shape(), card.taken), seed, pool);
  SearchFiles files;
  write(files, out / kCardFile, search::write_card(card));
  write(files, out / kHintFile, search::write_hint(card.gallery, hint));
  files.lines.push_back(fmt::format("version {} of a gallery of {} images: owners need both files, once a version",
                                    card.gallery.version, card.images()));
  return files;
}

SearchFiles owner_request(const OwnerQuestion& question, const Notes& note) {
  const GalleryCard card = card_of(question.info);
  const auto vector = vector_of_picture(question.network, {question.picture}, question.fit, card, note);
  const auto kept = kept_score_owner(question.secret / kSearchSecretFile, card.plan(), question.sealing);
  const search::ScoreOwner& owner = *kept.owner;
  ThreadPool pool(question.threads);
  SearchFiles files;
  if (kept.fresh) {
    write(files, question.out / kSearchKeysFile,
          ckks::write_evaluation_keys(*owner.context(), owner.evaluation_keys(&pool)));
  }
  SearchRecord record{card.gallery, search::random_question(), {}, {}, {}};
  write(files, question.out / kQuestionFile,
        search::write_gallery_query(*owner.context(),
                                    {card.gallery, owner.key().id(), record.question, owner.encrypt(vector)}));
  const ckks::Sealing sealing = sealing_of_record(question.sealing, question.secret);
  write_record_file(question.secret / kSearchRecordFile, record, sealing);
  const fs::path key_file = question.secret / kSearchSecretFile;
  if (sealing.seal_new && !ckks::is_sealed_secret_key(key_file)) {
    note(fmt::format("{} is not sealed, only {} beside it (obscura keygen passphrase seals it)", key_file.string(),
                     kSearchRecordFile));
  }
  files.lines.push_back(fmt::format("{} stays here: its key reads the answer", question.secret.string()));
  return files;
}

SearchFiles server_answer(const fs::path& folder, const fs::path& request, const fs::path& keys, const fs::path& out,
                          std::size_t threads) {
  const fs::path question = request / kQuestionFile, fetch = request / kFetchFile;
  if (!fs::exists(question) && !fs::exists(fetch)) {
    throw UsageError(
        fmt::format("{} has neither {} nor {}: it is no request", request.string(), kQuestionFile, kFetchFile));
  }
  auto gallery = search::Gallery::open(folder);
  const GalleryCard card = card_of(gallery, folder, {});
  ThreadPool pool(threads);
  SearchFiles files;
  if (fs::exists(question)) {
    const fs::path file = keys.empty() ? request / kSearchKeysFile : keys;
    if (!fs::exists(file)) {
      throw UsageError(file.string() + " is not there: owners send their evaluation keys once; name those with --keys");
    }
    answer_question(gallery, folder, card.gallery, question, file, out, pool, files);
  }
  if (fs::exists(fetch)) answer_fetch(gallery, card, fetch, out, pool, files);
  return files;
}

OwnerRead owner_read(const OwnerReading& reading) {
  if (reading.top == 0 || reading.top > search::kFetchCount) {
    throw UsageError(
        fmt::format("--top is {}, expected 1 to {}: so many are fetched at a time", reading.top, search::kFetchCount));
  }
  const GalleryCard card = card_of(reading.info);
  const fs::path record_file = reading.secret / kSearchRecordFile;
  const SearchRecord record = read_record_file(record_file, reading.sealing.passphrase);
  if (!(record.gallery == card.gallery)) {
    throw MismatchError(fmt::format("{} is of another version of the gallery than {}: ask again with this card",
                                    record_file.string(), reading.info.string()));
  }
  OwnerRead out;
  out.distance = own_distance(card.form.kind);
  if (fs::exists(reading.answer / kFetchedFile)) {
    read_pictures(reading, card, record, out);
  } else if (reading.top > card.images()) {
    throw UsageError(fmt::format("--top is {}, but the gallery has {} images", reading.top, card.images()));
  } else {
    read_scores(reading, card, record, out);
  }
  return out;
}

}  // namespace obscura::study
