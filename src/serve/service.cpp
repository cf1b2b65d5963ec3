#include "serve/service.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "message/messages.h"
#include "program/program_wire.h"
#include "runtime/answer.h"
#include "serve/service_state.h"

namespace fs = std::filesystem;

namespace obscura::serve {
namespace {

constexpr const char* kBlindProgram = "blind/server.program";

Failure unknown_model(std::string_view name) {
  return {FailureCode::not_found, fmt::format("there is no model '{}' here: /v2/models lists those there are", name)};
}

/// The one input that a model takes, as the file that it is.
Bytes query_in(InferRequest& request, const ModelFacts& model) {
  if (request.inputs.size() != 1) {
    throw Failure(
        FailureCode::bad_request,
        fmt::format("the request has {} inputs, expected one: '{}' of type BYTES [1]", request.inputs.size(), kInput));
  }
  Tensor& tensor = request.inputs.front();
  if (tensor.name != kInput) {
    throw Failure(FailureCode::bad_request,
                  fmt::format("the input is called '{}', expected '{}'", tensor.name, kInput));
  }
  if (tensor.datatype != "BYTES" || tensor.elements.size() != 1 || tensor.shape != std::vector<std::int64_t>{1}) {
    throw Failure(FailureCode::bad_request,
                  fmt::format("'{}' is of type {} with {} elements, expected BYTES of shape [1]: an encrypted query",
                              kInput, tensor.datatype, tensor.elements.size()));
  }
  for (const std::string& wanted : request.outputs) {
    if (wanted != kOutput) {
      throw Failure(FailureCode::bad_request, fmt::format("there is no output '{}', only '{}'", wanted, kOutput));
    }
  }
  Bytes& query = tensor.elements.front();
  if (query.size() > model.max_query_bytes) {
    throw Failure(FailureCode::too_large, fmt::format("the query has {} bytes, and none for {} has more than {}",
                                                      query.size(), model.name, model.max_query_bytes));
  }
  return std::move(query);
}

}  // namespace

Service::State::State(const Options& given)
    : options(given),
      lock(given.state),
      writer(given.state),
      tokens(given.state),
      records(writer),
      cache(given.key_memory),
      pool(given.threads),
      queue({pool.threads(), given.backlog, given.most_wait, given.query_memory}),
      disk(2) {
  clean_folder();
  std::vector<ModelPlace> places;
  if (!options.models.empty()) places = find_models(options.models);
  for (const fs::path& folder : options.galleries) {
    const std::string name = fs::weakly_canonical(folder).filename().string();
    if (!is_plain_name(name)) throw UsageError(folder.string() + " cannot be a gallery's name");
    auto host = std::make_unique<GalleryHost>(name, folder, options.state, writer, pool, Notes(options.log));
    if (!galleries.emplace(name, std::move(host)).second) throw UsageError("two galleries are called " + name);
    if (fs::exists(folder / kBlindProgram)) places.push_back({name + ".blind", folder / kBlindProgram});
  }
  if (places.empty() && galleries.empty()) {
    throw UsageError("there is nothing to serve: --models FOLDER, --gallery FOLDER");
  }
  const std::size_t memory = places.empty() ? 0 : options.matrix_memory / places.size();
  for (const auto& place : places) {
    auto program = program::read_program(read_file(place.program), place.program.string());
    auto model = std::make_shared<Model>(place.name, std::move(program), pool, memory);
    if (place.name.ends_with(".blind")) {
      const std::string of = place.name.substr(0, place.name.size() - 6);
      if (galleries.contains(of)) model->facts().gallery = of;
    }
    contexts[message::hex_of(model->parameters())] = model->runner().context();
    if (!models.emplace(place.name, model).second) throw UsageError("two models are called " + place.name);
  }
  house = std::thread([this] { keep_house(); });
}

Service::State::~State() {
  queue.stop(0, [this] { ending.request_stop(); });
  {
    const std::lock_guard guard(house_mutex);
    house_ending = true;
  }
  house_wake.notify_all();
  if (house.joinable()) house.join();
  flush_jobs();
}

std::shared_ptr<Model> Service::State::find_model(std::string_view name, std::string_view version) const {
  const auto at = models.find(name);
  if (at == models.end()) throw unknown_model(name);
  if (!version.empty() && version != at->second->facts().version) {
    throw Failure(FailureCode::not_found,
                  fmt::format("model {} has version {}, not '{}'", name, at->second->facts().version, version));
  }
  return at->second;
}

Service::Service(const Options& options) : state_(std::make_unique<State>(options)) {}
Service::~Service() = default;

Identity Service::identify(const Credentials& credentials, Scope scope) {
  if (credentials.bearer.empty()) {
    throw Failure(FailureCode::unauthenticated, "a token is needed: Authorization: Bearer obs_...");
  }
  if (!credentials.encrypted && !credentials.loopback && !state_->options.behind_proxy) {
    throw Failure(FailureCode::forbidden,
                  "tokens are not taken on plain connections from other machines: use https. Others may have read this "
                  "token: have it revoked");
  }
  std::optional<Identity> who;
  try {
    who = state_->tokens.find(credentials.bearer, unix_now());
  } catch (...) {
    state_->options.log(text_in_flight());
    throw failure_in_flight();
  }
  if (!who) throw Failure(FailureCode::unauthenticated, "the token is unknown, expired or revoked");
  if (!allows(who->scopes, scope)) {
    throw Failure(FailureCode::forbidden, fmt::format("the token allows {}, and this needs {}", to_string(who->scopes),
                                                      to_string(static_cast<Scopes>(scope))));
  }
  return *who;
}

bool Service::ready() const {
  return !state_->stopped;
}

std::vector<ModelFacts> Service::models() const {
  std::vector<ModelFacts> all;
  for (const auto& [name, model] : state_->models) all.push_back(model->facts());
  return all;
}

ModelFacts Service::model(std::string_view name, std::string_view version) const {
  return state_->find_model(name, version)->facts();
}

Bytes Service::client_spec(std::string_view hash) const {
  for (const auto& [name, model] : state_->models) {
    if (model->facts().spec_hash == hash) return model->spec();
  }
  throw Failure(FailureCode::not_found, "no model here has a client spec of that hash: ask for the model's metadata");
}

std::size_t Service::max_infer_bytes() const {
  constexpr std::size_t kAround = std::size_t{1} << 20;
  std::size_t most = 0;
  for (const auto& [name, model] : state_->models) most = std::max(most, model->facts().max_query_bytes);
  return most + kAround;
}

void Service::check_room(const Identity& who) const {
  state_->queue.check_room(who.tenant, 0.01);
}

void Service::infer(const Identity& who, InferRequest request, std::stop_token stop, Done<InferReply> done) {
  try {
    const auto model = state_->find_model(request.model, request.version);
    const auto query = std::make_shared<Bytes>(query_in(request, model->facts()));
    InferReply reply{model->facts().name, model->facts().version, request.id, {}};
    State& state = *state_;
    const auto run = [&state, model, query, reply, tenant = who.tenant](const std::stop_token& asked) {
      const auto& runner = model->runner();
      const Stopwatch whole;
      auto read = message::read_query(*runner.context(), model->client().program, *query);
      const auto keys = state.keys_for(tenant, read.key, runner.context(), model->client().keys, asked);
      const Stopwatch watch;
      auto answer = runtime::answer_query(runner, keys, std::move(read), {&state.pool, nullptr, asked});
      state.metrics.part("evaluate", watch.seconds());
      model->took(whole.seconds());
      InferReply made = reply;
      made.outputs.push_back({kOutput, "BYTES", {1}, {message::write_answer(*runner.context(), answer)}});
      return made;
    };
    state.submit<InferReply>(
        who, {"infer", model->facts().name, model->expected_seconds(), query->size(), request.timeout_us}, stop, done,
        run);
  } catch (...) {
    done(failure_in_flight());
  }
}

Metrics& Service::metrics() {
  const auto facts = state_->queue.facts();
  state_->metrics.set_queue(facts.running, facts.waiting, facts.backlog, facts.workers);
  state_->metrics.set_keys(state_->cache.bytes(), state_->cache.budget());
  return state_->metrics;
}

void Service::stop(int grace_ms) {
  state_->stopped = true;
  state_->queue.stop(grace_ms, [this] { state_->ending.request_stop(); });
}

}  // namespace obscura::serve
