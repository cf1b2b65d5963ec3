// Galleries: what owners need to know of them, encrypted scores and private fetching.
#include <fmt/format.h>

#include "base/error.h"
#include "ckks/evaluator.h"
#include "search/records.h"
#include "serve/service_state.h"

namespace obscura::serve {
namespace {

constexpr double kLoadSeconds = 0.5, kScoreSeconds = 0.05, kFetchSeconds = 0.1, kTrustedSeconds = 0.1;

GalleryFacts facts_of(const GalleryHost& host, const search::GalleryState& present, const std::string& blind_model,
                      const TrustedPictures* trusted) {
  const auto& form = host.form();
  const auto plan = search::plan_scores(form.kind, form.dimension);
  const auto shape = search::fetch_shape(std::max<std::size_t>(present.places, 1), search::record_bytes(form));
  GalleryFacts facts{host.name(), present.id, present.version, present.images, {"blind-features"}, blind_model, 0,
                     0,           0};
  if (!blind_model.empty()) facts.modes.push_back("blind");
  if (trusted != nullptr) facts.modes.push_back("trusted"), facts.max_trusted_bytes = trusted->max_question_bytes();
  facts.max_query_bytes = 4096 + plan.degree() * sizeof(std::uint64_t);
  facts.max_fetch_bytes = 4096 + search::kFetchCount * (shape.query_bytes() + 1024);
  return facts;
}

}  // namespace

GalleryHost& Service::State::find_gallery(const std::string& name) {
  const auto at = galleries.find(name);
  if (at == galleries.end()) {
    throw Failure(FailureCode::not_found,
                  fmt::format("there is no gallery '{}' here: /v2/obscura/galleries lists those there are", name));
  }
  return *at->second;
}

TrustedPictures* Service::State::trusted_for(const GalleryHost& host) const {
  return options.trusted && options.trusted->serves(host.form()) ? options.trusted.get() : nullptr;
}

std::vector<GalleryFacts> Service::galleries(const Identity& who) {
  std::vector<GalleryFacts> all;
  for (const auto& [name, host] : state_->galleries) all.push_back(gallery(who, name));
  return all;
}

GalleryFacts Service::gallery(const Identity& /*who*/, const std::string& name) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    const auto present = host.state();
    const auto blind = state_->models.find(name + ".blind");
    // One of an older version would find what is no longer there.
    const bool fits = blind != state_->models.end() &&
                      blind->second->facts().network == search::blind_program_name({present.id, present.version});
    return facts_of(host, present, fits ? blind->first : "", state_->trusted_for(host));
  } catch (...) {
    throw failure_in_flight();
  }
}

void Service::card(const Identity& who, const std::string& name, Done<Bytes> done) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    state_->submit<Bytes>(who, {"card", name, kLoadSeconds}, {}, done,
                          [&host](const std::stop_token&) { return search::write_card(host.view()->card()); });
  } catch (...) {
    done(failure_in_flight());
  }
}

void Service::hint(const Identity& who, const std::string& name, std::int64_t version, Done<StaticFile> done) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    state_->submit<StaticFile>(who, {"hint", name, kLoadSeconds}, {}, done, [&host, version](const std::stop_token&) {
      const auto view = host.view();
      if (view->card().gallery.version != version) {
        throw Failure(FailureCode::not_found, fmt::format("the gallery has version {}, not {}: ask for its card again",
                                                          view->card().gallery.version, version));
      }
      return host.hint(*view);
    });
  } catch (...) {
    done(failure_in_flight());
  }
}

void Service::scores(const Identity& who, const std::string& name, Bytes question, std::stop_token stop,
                     Done<Bytes> done) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    const auto sent = std::make_shared<Bytes>(std::move(question));
    State& state = *state_;
    const auto run = [&state, &host, sent, tenant = who.tenant](const std::stop_token& asked) {
      const auto view = host.view();
      const auto& table = view->scores();
      const auto& context = *table.context();
      const auto query = search::read_gallery_query(context, view->card().gallery, *sent);
      const auto keys = state.keys_for(tenant, query.key, table.context(), table.plan().keys(), asked);
      const Stopwatch watch;
      const ckks::Evaluator evaluator(table.context(), keys);
      const auto scores = table.scores(expand(context, query.vector), evaluator, state.pool);
      state.metrics.part("evaluate", watch.seconds());
      return search::write_gallery_answer(context, {view->card().gallery, query.key, query.question, scores});
    };
    state.submit<Bytes>(who, {"scores", name, kScoreSeconds, sent->size()}, stop, done, run);
  } catch (...) {
    done(failure_in_flight());
  }
}

void Service::fetch(const Identity& who, const std::string& name, Bytes request, std::stop_token stop,
                    Done<Bytes> done) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    const auto sent = std::make_shared<Bytes>(std::move(request));
    State& state = *state_;
    const auto run = [&state, &host, sent](const std::stop_token&) {
      const auto view = host.view();
      const auto& card = view->card();
      const auto asked = search::read_fetch_request(card.gallery, card.shape(), *sent);
      return search::write_fetch_reply(
          {card.gallery, asked.question, host.records(*view).answer(asked.queries, state.pool)});
    };
    state.submit<Bytes>(who, {"fetch", name, kFetchSeconds, sent->size()}, stop, done, run);
  } catch (...) {
    done(failure_in_flight());
  }
}

TrustedPictures& Service::State::find_trusted(const GalleryHost& host) const {
  if (TrustedPictures* trusted = trusted_for(host)) return *trusted;
  throw Failure(
      FailureCode::not_found,
      fmt::format("gallery {} is not searched in mode trusted here: this server sees no pictures", host.name()));
}

void Service::trusted_card(const Identity& who, const std::string& name, Done<Bytes> done) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    const TrustedPictures& trusted = state_->find_trusted(host);
    state_->submit<Bytes>(who, {"trusted_card", name, kLoadSeconds}, {}, done,
                          [&](const std::stop_token&) { return trusted.card(host.view()->card()); });
  } catch (...) {
    done(failure_in_flight());
  }
}

void Service::trusted(const Identity& who, const std::string& name, Bytes question, std::stop_token stop,
                      Done<Bytes> done) {
  try {
    GalleryHost& host = state_->find_gallery(name);
    TrustedPictures& trusted = state_->find_trusted(host);
    const auto sent = std::make_shared<Bytes>(std::move(question));
    const auto run = [&host, &trusted, sent](const std::stop_token&) {
      return trusted.answer(host.view()->card(), host.folder(), *sent);
    };
    state_->submit<Bytes>(who, {"trusted", name, kTrustedSeconds, sent->size()}, stop, done, run);
  } catch (...) {
    done(failure_in_flight());
  }
}

}  // namespace obscura::serve
