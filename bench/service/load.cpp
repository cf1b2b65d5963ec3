// Many owners at one server, each with keys of its own, for as long as wanted: what is answered a second, how long it
// takes, and whether every answer is right. With --in-process the same owners and no network, to compare with.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "base/file.h"
#include "base/stopwatch.h"
#include "message/client_wire.h"
#include "owner/owner.h"
#include "program/program_wire.h"
#include "remote/remote.h"
#include "runtime/server.h"

namespace {

using namespace obscura;

struct Wishes {
  std::string server, model = "mnist", program;
  std::size_t clients = 8, threads = 2;
  double seconds = 10;
};

constexpr std::size_t kEnough = std::size_t{64} << 30;  // bytes for keys: none goes

/// A query's bytes in, its answer's out.
using Ask = std::function<ckks::Bytes(const ckks::Bytes& query, const ckks::Bytes& keys)>;

struct Tally {
  std::mutex mutex;
  std::vector<double> seconds, refused;  ///< of answers, and of refusals
  std::map<std::string, std::size_t> errors;
  std::size_t wrong = 0;
  std::vector<std::size_t> each;  ///< answers of a client

  void failed(const std::string& what, double after) {
    const std::lock_guard lock(mutex);
    ++errors[what];
    refused.push_back(after);
  }
};

/// One owner: always the same picture, so that every answer is known after the first.
class Client {
 public:
  Client(const message::ClientSpec& spec, std::uint64_t seed) : owner_(spec) {
    owner_.write_evaluation_keys(
        [this](std::span<const std::uint8_t> some) { keys_.insert(keys_.end(), some.begin(), some.end()); });
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<float> level(0, 1);
    picture_.emplace_back(spec.input.size());
    for (float& v : picture_.front()) v = level(random);
  }
  const ckks::Bytes& keys() const { return keys_; }

  /// Whether the answer is what it was before.
  bool ask(const Ask& server) {
    const auto query = owner_.encrypt(picture_);
    const auto& context = *owner_.context();
    const auto bytes = server(message::write_query(context, query), keys_);
    const auto logits =
        owner_.decrypt(message::read_answer(context, owner_.client().program, bytes), message::ticket_of(query))
            .front();
    if (known_.empty()) known_ = logits;
    const double most = 60 * owner_.client().logit_error;
    return std::ranges::equal(logits, known_, [most](double a, double b) { return std::abs(a - b) < most; });
  }

 private:
  owner::Owner owner_;
  ckks::Bytes keys_;
  std::vector<std::vector<float>> picture_;
  std::vector<double> known_;
};

double share(std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(q * double(sorted.size())))];
}

void drive(Client& client, std::size_t n, const Ask& ask, const std::atomic<bool>& ended, Tally& tally) {
  while (!ended) {
    const Stopwatch watch;
    try {
      const bool right = client.ask(ask);
      const std::lock_guard lock(tally.mutex);
      tally.seconds.push_back(watch.seconds());
      ++tally.each[n];
      if (!right) ++tally.wrong;
    } catch (const remote::RemoteError& e) {
      tally.failed(e.code(), watch.seconds());
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    } catch (const std::exception& e) {
      tally.failed(e.what(), watch.seconds());
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
}

void report(Tally& tally, double seconds) {
  auto& all = tally.seconds;
  std::ranges::sort(all);
  const auto [least, most] = std::ranges::minmax_element(tally.each);
  fmt::print("{} answers in {:.1f} s: {:.1f} a second; median {:.1f} ms, 95 % {:.1f} ms, longest {:.1f} ms\n",
             all.size(), seconds, double(all.size()) / seconds, 1e3 * share(all, 0.5), 1e3 * share(all, 0.95),
             1e3 * share(all, 1));
  fmt::print("  of a client {} to {}; wrong {}\n", *least, *most, tally.wrong);
  for (const auto& [what, count] : tally.errors) fmt::print("  {} x {}\n", count, what);
  auto& refused = tally.refused;
  if (refused.empty()) return;
  std::ranges::sort(refused);
  fmt::print("  refused after {:.1f} ms (median), {:.1f} ms (95 %), {:.1f} ms (longest), encryption included\n",
             1e3 * share(refused, 0.5), 1e3 * share(refused, 0.95), 1e3 * share(refused, 1));
}

message::ClientSpec spec_of(const Wishes& wishes, remote::Remote* server) {
  if (server != nullptr) return message::read_client_spec(server->client_spec(server->model(wishes.model)));
  return program::read_program(read_file(wishes.program)).client;
}

void run(const Wishes& wishes) {
  std::unique_ptr<remote::Remote> remote;
  std::unique_ptr<runtime::Server> inside;
  Ask ask;
  if (wishes.program.empty()) {
    const char* token = std::getenv("OBSCURA_TOKEN");
    remote::Options options;
    options.retries = 0;
    remote = std::make_unique<remote::Remote>(wishes.server, token == nullptr ? "" : token, options);
    ask = [&](const ckks::Bytes& query, const ckks::Bytes&) { return remote->infer(wishes.model, query); };
  } else {
    inside = std::make_unique<runtime::Server>(
        program::read_program(read_file(wishes.program)),
        runtime::ServerOptions{wishes.threads, runtime::kDefaultMemoryBudget, kEnough});
    ask = [&](const ckks::Bytes& query, const ckks::Bytes&) { return inside->answer(query); };
  }
  const auto spec = spec_of(wishes, remote.get());
  std::vector<std::unique_ptr<Client>> clients;
  double slowest = 0, sum = 0;
  for (std::size_t n = 0; n < wishes.clients; ++n) {
    clients.push_back(std::make_unique<Client>(spec, n));
    const Stopwatch watch;
    if (remote) {
      remote->upload_keys(remote::keys_of(clients[n]->keys()));
    } else {
      inside->add_keys(clients[n]->keys());
    }
    slowest = std::max(slowest, watch.seconds()), sum += watch.seconds();
  }
  fmt::print("{} clients, keys of {:.1f} MB each registered in {:.3f} s on average, {:.3f} s at most\n", wishes.clients,
             1e-6 * double(clients[0]->keys().size()), sum / double(wishes.clients), slowest);
  std::fflush(stdout);
  Tally tally;
  tally.each.resize(wishes.clients);
  std::atomic<bool> ended{false};
  std::vector<std::thread> threads;
  const Stopwatch watch;
  for (std::size_t n = 0; n < wishes.clients; ++n) {
    threads.emplace_back([&, n] { drive(*clients[n], n, ask, ended, tally); });
  }
  while (watch.seconds() < wishes.seconds) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ended = true;
  const double seconds = watch.seconds();
  for (auto& thread : threads) thread.join();
  report(tally, seconds);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Many owners at one server"};
  Wishes wishes;
  app.add_option("--server", wishes.server, "URL; the token comes from OBSCURA_TOKEN");
  app.add_option("--in-process", wishes.program, "A server.program instead of a server");
  app.add_option("--model", wishes.model, "Its name there")->capture_default_str();
  app.add_option("--clients", wishes.clients, "Owners, each with its own keys")->capture_default_str();
  app.add_option("--threads", wishes.threads, "Of the server in this process")->capture_default_str();
  app.add_option("--seconds", wishes.seconds, "For so long")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(wishes);
  } catch (const std::exception& e) {
    fmt::print(stderr, "load: {}\n", e.what());
    return 1;
  }
  return 0;
}
