#include "study/relu_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/error.h"
#include "compile/composite.h"
#include "compile/relu_sums.h"
#include "compile/simulate.h"
#include "nn/reference.h"
#include "program/sizes.h"
#include "report/scores.h"
#include "report/text.h"
#include "study/calibration.h"
#include "study/compile_network.h"
#include "tensor/decision.h"

namespace obscura::study {
namespace {

/// What a way has to reach to be chosen for its speed.
constexpr double kGoodAgreement = 0.99;

using Logits = std::vector<std::vector<double>>;

compile::FitOptions options_of(const std::string& way, compile::FitOptions fitting) {
  using Relu = compile::FitOptions::Relu;
  fitting.relu = way == "composite" ? Relu::composite : Relu::fitted;
  if (way == "quadratic") fitting.max_degree = 2;
  return fitting;
}

/// log2 of a half range over the largest error on it.
double precision_of(const compile::FittedLayer& layer) {
  double half = layer.fitted.width() / 2;
  for (const auto& channel : layer.channels) half = std::max(half, channel.width() / 2);
  return std::log2(half / std::max(layer.max_error, 1e-300));
}

bool is_relu(const nn::Activation& activation) {
  return compile::has_composite(activation) || compile::is_relu_sum(activation);
}

/// As users know those of the network, and the one that sums of them are made of.
std::set<std::string> relus_of(const nn::Graph& graph) {
  std::set<std::string> names{nn::activation_name(nn::Activation{})};
  for (const nn::Node& node : graph.nodes) {
    const auto* activation = std::get_if<nn::Activation>(&node.layer);
    if (activation != nullptr && is_relu(*activation)) names.insert(nn::activation_name(*activation));
  }
  return names;
}

void describe(const compile::FitReport& fitted, const std::set<std::string>& relus, ReluWay& way) {
  way.precision = INFINITY;
  for (const auto& layer : fitted.layers) {
    if (!relus.contains(layer.function)) continue;
    way.precision = std::min(way.precision, precision_of(layer));
    if (layer.levels() < way.levels) continue;
    way.levels = layer.levels();
    way.degree = layer.degree_text();
  }
}

void describe(const program::Program& program, ReluWay& way) {
  const auto& schedule = program.schedule;
  const program::Sizes sizes = program::sizes(program);
  way.log_degree = schedule.log_degree;
  way.primes = schedule.limbs();
  way.log_qp = std::accumulate(schedule.q_bits.begin(), schedule.q_bits.end(), 0.0) +
               std::accumulate(schedule.p_bits.begin(), schedule.p_bits.end(), 0.0);
  way.seconds = program.microseconds * 1e-6;
  way.keys = sizes.keys;
  way.server = sizes.server;
}

/// The program's own simulation against the original network.
void judge(const program::Program& program, const std::vector<std::vector<float>>& pictures, const Logits& original,
           ThreadPool& pool, ReluWay& way) {
  const compile::Simulator simulator(program);
  std::vector<compile::Simulator::Result> results(pictures.size());
  pool.parallel_for(pictures.size(), [&](std::size_t i) { results[i] = simulator.run(pictures[i], i); });
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto& logits = results[i].logits;
    way.agree += results[i].overflow < 0 && predicted_class(logits) == predicted_class(original[i]) ? 1 : 0;
    for (std::size_t k = 0; k < logits.size(); ++k) {
      const double error = std::abs(logits[k] - original[i][k]);
      way.logit_error = std::isfinite(error) ? std::max(way.logit_error, error) : INFINITY;
    }
  }
}

Logits logits_of(const nn::Graph& graph, const std::vector<std::vector<float>>& pictures, ThreadPool& pool) {
  Logits logits(pictures.size());
  pool.parallel_for(pictures.size(), [&](std::size_t i) { logits[i] = nn::run_reference(graph, pictures[i]); });
  return logits;
}

/// A share with its interval.
std::string share_text(std::size_t agree, std::size_t pictures) {
  const auto interval = report::wilson_interval(agree, pictures);
  return fmt::format(
      "{} ({} to {})",
      report::percent_text(static_cast<double>(agree) / static_cast<double>(std::max<std::size_t>(pictures, 1))),
      report::percent_text(interval.low), report::percent_text(interval.high));
}

double share(const ReluWay& way, std::size_t pictures) {
  return static_cast<double>(way.agree) / static_cast<double>(std::max<std::size_t>(pictures, 1));
}

/// Of the ways that compile, quadratics aside.
void choose(ReluComparison& c) {
  const ReluWay &fitted = c.ways[0], &composite = c.ways[1];
  const auto take = [&](std::size_t way, const std::string& reason) { c.chosen = way, c.reason = reason; };
  if (!fitted.refused.empty() || !composite.refused.empty()) {
    return take(fitted.refused.empty() ? 0 : 1, "the only one that compiles");
  }
  const bool fitted_good = share(fitted, c.pictures) >= kGoodAgreement;
  const bool composite_good = share(composite, c.pictures) >= kGoodAgreement;
  const bool slower = composite.seconds > fitted.seconds;
  if (fitted_good && composite_good) {
    return take(slower ? 0 : 1, "the faster one of those that agree on 99 % or more");
  }
  if (fitted_good || composite_good) return take(fitted_good ? 0 : 1, "the only one that agrees on 99 % or more");
  if (fitted.agree == composite.agree) return take(slower ? 0 : 1, "the faster one of two that agree alike");
  take(fitted.agree > composite.agree ? 0 : 1, "the one that agrees most; neither does on 99 %: see convert");
}

}  // namespace

bool has_relu(const nn::Graph& graph) {
  return std::ranges::any_of(graph.nodes, [](const nn::Node& node) {
    const auto* activation = std::get_if<nn::Activation>(&node.layer);
    return activation != nullptr && is_relu(*activation);
  });
}

ReluStudy compare_relu(const nn::Graph& graph, const std::vector<std::vector<float>>& samples,
                       const std::vector<std::vector<float>>& unseen, const std::vector<std::vector<float>>& fresh,
                       const compile::CompileOptions& options, const compile::FitOptions& fitting, ThreadPool& pool,
                       const Notes& note) {
  ReluStudy study;
  ReluComparison& c = study.comparison;
  c.pictures = unseen.size();
  const Logits original = logits_of(graph, unseen, pool);
  std::vector<ReluCandidate> candidates(3);
  for (const char* name : {"fitted", "composite", "quadratic"}) {
    note(std::string("ReLUs ") + name + ": compiled and simulated on " + std::to_string(unseen.size()) + " pictures");
    ReluCandidate& candidate = candidates[c.ways.size()];
    ReluWay& way = c.ways.emplace_back();
    way.name = name;
    try {
      candidate.graph = calibrated(graph, samples, &candidate.fitted, &pool, options_of(name, fitting));
      describe(candidate.fitted, relus_of(graph), way);
      candidate.program = compile_network(candidate.graph, options, &candidate.sizes);
      describe(*candidate.program, way);
      judge(*candidate.program, unseen, original, pool, way);
    } catch (const UnsupportedError& e) {
      way.refused = e.what();
    }
  }
  if (!candidates[0].program && !candidates[1].program) {
    throw UnsupportedError("neither fitted polynomials nor composite signs run: " + c.ways[0].refused + "; and " +
                           c.ways[1].refused + "; or obscura convert");
  }
  choose(c);
  ReluWay again;
  judge(*candidates[c.chosen].program, fresh, logits_of(graph, fresh, pool), pool, again);
  c.fresh = fresh.size();
  c.fresh_agree = again.agree;
  study.chosen = std::move(candidates[c.chosen]);
  return study;
}

std::string relu_text(const ReluComparison& c) {
  std::string text = fmt::format(
      "ReLUs, three ways; agreement with the network as it is, simulated on {} pictures that "
      "no range was measured on\n",
      c.pictures);
  text += fmt::format("  {:<10} {:>10} {:>7} {:>9} {:>5} {:>7} {:>7} {:>9} {:>9} {:>9} {:>24} {:>10}\n", "way",
                      "degree", "levels", "precision", "N", "primes", "log QP", "1 thread", "keys", "server",
                      "agreement (95 %)", "error");
  for (const ReluWay& w : c.ways) {
    text += fmt::format("  {:<10} {:>10} {:>7} {:>9}", w.name, w.degree.empty() ? "-" : w.degree, w.levels,
                        w.levels == 0 ? "-" : fmt::format("2^-{:.1f}", w.precision));
    if (!w.refused.empty()) {
      text += "  refused: " + w.refused + "\n";
      continue;
    }
    const std::string agreement = share_text(w.agree, c.pictures);
    text += fmt::format(" {:>5} {:>7} {:>7.0f} {:>9} {:>9} {:>9} {:>24} {:>10.2g}\n", fmt::format("2^{}", w.log_degree),
                        w.primes, w.log_qp, report::duration_text(w.seconds),
                        report::bytes_text(static_cast<std::size_t>(w.keys)),
                        report::bytes_text(static_cast<std::size_t>(w.server)), agreement, w.logit_error);
  }
  text += "  quadratic: what obscura convert starts from, before it retrains; costs stay, agreement grows\n";
  text += fmt::format("taken        {}: {}\n", c.ways[c.chosen].name, c.reason);
  if (c.fresh == 0) return text + "             on the pictures that chose it only: there are no others\n";
  return text + fmt::format("             on {} other pictures, which chose nothing, it agrees on {}\n", c.fresh,
                            share_text(c.fresh_agree, c.fresh));
}

nlohmann::ordered_json relu_json(const ReluComparison& c) {
  auto ways = nlohmann::ordered_json::array();
  for (const ReluWay& w : c.ways) {
    ways.push_back({{"way", w.name}, {"degree", w.degree}, {"levels", w.levels}, {"precision_bits", w.precision}});
    if (!w.refused.empty()) {
      ways.back()["refused"] = w.refused;
      continue;
    }
    ways.back().update({{"log_degree", w.log_degree},
                        {"primes", w.primes},
                        {"log_qp", w.log_qp},
                        {"predicted_seconds", w.seconds},
                        {"predicted_key_bytes", w.keys},
                        {"predicted_server_bytes", w.server},
                        {"agree", w.agree},
                        {"largest_logit_error", w.logit_error}});
  }
  return {{"pictures", c.pictures},          {"ways", ways},
          {"chosen", c.ways[c.chosen].name}, {"reason", c.reason},
          {"fresh_pictures", c.fresh},       {"fresh_agree", c.fresh_agree}};
}

}  // namespace obscura::study
