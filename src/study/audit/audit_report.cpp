#include "study/audit/audit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/text.h"
#include "study/audit/noise_report.h"
#include "study/audit/parameters_report.h"
#include "study/audit/randomness_report.h"

namespace obscura::study {
namespace {

RandomnessAudit randomness_of(const AuditReportOptions& options, std::vector<std::string> streams,
                              std::size_t sequences, const Notes& note, bool progress) {
  RandomnessOptions asked;
  asked.source.network = options.network;
  asked.source.dataset = options.dataset, asked.source.data = options.data;
  asked.source.streams = std::move(streams);
  asked.sequences = sequences, asked.threads = options.threads;
  return audit_randomness(asked, note, progress);
}

AuditFinding parameter_finding(const ParametersAudit& audit) {
  const auto& set = audit.sets.front();
  return {fmt::format("Breaking the encryption takes 2^{} operations or more", kWantedBits), parameter_verdict(set),
          set.meets()};
}

AuditFinding noise_finding(const NoiseAudit& audit) {
  return {"Errors are as large as predicted, or less, at every stage", noise_verdict(audit), audit.holds()};
}

bool all_look_random(const RandomnessAudit& audit) {
  return std::ranges::all_of(audit.sources, [](const auto& s) { return s.verdict.looks_random(); });
}

std::string sources_text(const RandomnessAudit& audit) {
  std::string text;
  for (const auto& source : audit.sources) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", source.name, verdict_text(source));
  }
  return text;
}

AuditFinding ciphertext_finding(const RandomnessAudit& audit) {
  return {"Ciphertexts look random (necessary, and proves nothing)", sources_text(audit), all_look_random(audit)};
}

AuditFinding control_finding(const RandomnessAudit& audit) {
  const bool told = std::ranges::none_of(audit.sources, [](const auto& s) { return s.verdict.looks_random(); });
  return {"The same tests tell what is not encrypted", sources_text(audit), told};
}

AuditFinding toy_finding(const ToyDemonstration& toy) {
  return {"The attack finds the key of parameters that are too small, and nothing where there is none", toy_text(toy),
          toy.equal() && toy.random_has_none};
}

report::Section glance(const AuditReport& audit) {
  report::Table table{"", {"promise", "kept", "found"}, "lll", {}, {}};
  for (const auto& finding : audit.findings()) {
    table.rows.push_back({finding.promise, finding.kept ? "yes" : "NO", finding.found});
  }
  report::Section section{"At a glance", {}};
  section.blocks.emplace_back(report::Paragraph{
      audit.kept() ? "Every promise that is tested here was kept." : "NOT EVERY PROMISE WAS KEPT.", !audit.kept()});
  section.blocks.emplace_back(std::move(table));
  return section;
}

/// docs/security.md in short, for who has this page alone.
report::Section limits() {
  report::Bullets bullets;
  bullets.items = {
      "A right answer: nothing proves that a server ran this network.",
      "Decrypted numbers that go back to the server, or whether an answer could be read: both tell of the key.",
      "Traffic: who asks, when, how much, of which network.",
      "The network: it lies in the clear at the server, and answers tell of it.",
      "Shields: they are obscurity, and not part of this page (obscura audit attack).",
      "An estimate of security is one: better attacks may be found."};
  return {"What is not promised", {bullets}};
}

void append(report::Document& page, const report::Document& part) {
  for (auto section : part.sections) {
    section.title = part.title + ": " + section.title;
    page.sections.push_back(std::move(section));
  }
}

}  // namespace

std::vector<AuditFinding> AuditReport::findings() const {
  return {parameter_finding(parameters), noise_finding(noise), ciphertext_finding(ciphertexts),
          control_finding(controls), toy_finding(parameters.toy.value())};
}

bool AuditReport::kept() const {
  return std::ranges::all_of(findings(), &AuditFinding::kept);
}

AuditReport audit_all(const AuditReportOptions& options, const Notes& note, bool progress) {
  AuditReport report;
  report.options = options;
  ParameterOptions parameters;
  parameters.network = options.network, parameters.toy = true;
  report.parameters = audit_parameters(parameters, note);
  NoiseAuditOptions noise;
  noise.network = options.network, noise.dataset = options.dataset, noise.data = options.data;
  noise.count = options.images, noise.threads = options.threads;
  report.noise = audit_noise(
      noise, note, [](const compile::FitReport&) {}, progress);
  // What the two have to say of data sets and fits was said.
  const Notes silent([](const std::string&) {});
  report.ciphertexts = randomness_of(options, {"c0", "c0-ntt", "c1", "c1-ntt"}, options.sequences, silent, progress);
  report.controls = randomness_of(options, {"encoded", "pictures"}, options.controls, silent, progress);
  return report;
}

nlohmann::ordered_json audit_report_json(const AuditReport& report, const std::string& command) {
  NoiseAuditOptions noise;
  noise.network = report.options.network, noise.dataset = report.options.dataset, noise.count = report.options.images;
  auto findings = nlohmann::ordered_json::array();
  for (const auto& f : report.findings()) {
    findings.push_back({{"promise", f.promise}, {"kept", f.kept}, {"found", f.found}});
  }
  return {{"command", command},
          {"network", report.options.network},
          {"kept", report.kept()},
          {"findings", findings},
          {"parameters", parameters_json(report.parameters, command)},
          {"noise", noise_audit_json(report.noise, noise, command)},
          {"randomness", randomness_json(report.ciphertexts, command)},
          {"controls", randomness_json(report.controls, command)}};
}

report::Document audit_report_document(const AuditReport& report, const std::string& command) {
  report::Document page{"What is promised, tested", report.noise.client.network, {}};
  page.sections.push_back(glance(report));
  page.sections.push_back(limits());
  append(page, parameters_document(report.parameters, command));
  append(page, noise_document(report.noise, command));
  append(page, randomness_document(report.ciphertexts, command));
  append(page, randomness_document(report.controls, command));
  return page;
}

}  // namespace obscura::study
