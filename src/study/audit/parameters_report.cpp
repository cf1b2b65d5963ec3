#include "study/audit/parameters_report.h"

#include <fmt/format.h>

#include <cmath>

#include "base/version.h"

namespace obscura::study {
namespace {

std::string bits_text(double bits) {
  return std::isfinite(bits) ? fmt::format("{:.1f}", bits) : "none";
}

std::string whole(double value) {
  return value > 0 ? fmt::format("{:.0f}", value) : "-";
}

report::Section set_section(const ParameterAudit& set) {
  report::Section section{set.name, {}};
  section.blocks.emplace_back(report::Paragraph{instance_text(set.lwe) + "."});
  section.blocks.emplace_back(report::Paragraph{parameter_verdict(set), !set.meets()});
  section.blocks.emplace_back(standards_table(set));
  section.blocks.emplace_back(attacks_table(set));
  return section;
}

report::Section toy_section(const ToyDemonstration& toy) {
  report::Section section{"What looking random is worth", {}};
  section.blocks.emplace_back(report::Paragraph{toy_text(toy), true});
  section.blocks.emplace_back(
      report::Paragraph{"Passing tests of randomness is necessary and proves nothing: these are the degree and the "
                        "modulus that the paper "
                        "RCNN_CKKS prints beside its passing p-values."});
  return section;
}

}  // namespace

std::string instance_text(const security::Lwe& lwe) {
  const double log_n = std::log2(lwe.dimension);
  const std::string dimension =
      log_n == std::floor(log_n) ? fmt::format("N = 2^{:g}", log_n) : fmt::format("dimension {:g}", lwe.dimension);
  const std::string samples = std::isfinite(lwe.samples) ? fmt::format(", {:g} samples", lwe.samples) : "";
  return fmt::format("{}, log QP = {:.5g}, secret {}, errors of sigma {:.3g}{}", dimension, lwe.log_q,
                     to_string(lwe.secret), lwe.error, samples);
}

std::string parameter_verdict(const ParameterAudit& set) {
  const auto& cheapest = set.cheapest();
  const auto& table = set.enforced();
  std::string text = fmt::format("At least {} bits: {}. ", kWantedBits, set.meets() ? "yes" : "NO");
  if (table.not_for_it.empty()) {
    text += fmt::format(
        "The table of 2024 allows {} bits of modulus at N = 2^{} and gives these about {} bits of "
        "security; ",
        table.max_log_q_128, table.log_degree, table.bits);
  } else {
    text += fmt::format("The table of 2024 does not speak of them ({}); ", table.not_for_it);
  }
  return text + fmt::format("the cheapest attack known here, {}, takes 2^{} operations with blocks of {:.0f}",
                            to_string(cheapest.attack), bits_text(cheapest.bits), cheapest.block);
}

report::Table standards_table(const ParameterAudit& set) {
  report::Table table{"Published tables", {"table", "attacker", "row", "at most", "level", "about"}, "lllrrr", {}, {}};
  for (const auto& t : set.tables) {
    std::vector<std::string> row{to_string(t.standard), to_string(t.attacker)};
    if (t.not_for_it.empty()) {
      row.insert(row.end(), {fmt::format("N = 2^{}", t.log_degree), fmt::format("{} bits", t.max_log_q_128),
                             t.level == 0 ? "below 128" : std::to_string(t.level), std::to_string(t.bits)});
    } else {
      row.insert(row.end(), {"says nothing: " + t.not_for_it, "-", "-", "-"});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

report::Table attacks_table(const ParameterAudit& set) {
  report::Table table{"Attacks, log2 of operations", {"model", "attacker"}, "ll", {}, {}};
  std::vector<security::Attack> attacks;
  for (const auto& e : set.attacks) {
    if (attacks.empty() || attacks.back() != e.attack) attacks.push_back(e.attack);
  }
  for (const auto attack : attacks) table.headings.push_back(to_string(attack));
  table.headings.insert(table.headings.end(), {"block", "dimension"});
  for (const auto model : security::all_models()) {
    std::vector<std::string> row{to_string(model), security::is_quantum(model) ? "quantum" : "classical"};
    for (const auto& e : set.attacks) {
      if (e.model == model) row.push_back(bits_text(e.bits));
    }
    const auto& cheapest = security::weakest(set.attacks, model);
    row.insert(row.end(), {whole(cheapest.block), whole(cheapest.dimension)});
    table.rows.push_back(std::move(row));
  }
  table.notes = {
      "Block and dimension are of the cheapest attack. core models count one block's search alone and are no "
      "estimates of the whole; the verdict is by matzov."};
  return table;
}

report::Table sets_table(const ParametersAudit& audit) {
  report::Table table{"Parameters",
                      {"set", "N", "log QP", "2024 allows", "2024", "2024 quantum", "attack", "bits", "block", "128"},
                      "lrrrrrlrrl",
                      {},
                      {}};
  for (const auto& set : audit.sets) {
    const auto& classical = set.enforced();
    const auto& quantum = set.tables.at(3);
    const bool spoken = classical.not_for_it.empty();
    table.rows.push_back({set.name, fmt::format("2^{:g}", std::log2(set.lwe.dimension)),
                          fmt::format("{:.1f}", set.lwe.log_q), spoken ? std::to_string(classical.max_log_q_128) : "-",
                          spoken ? std::to_string(classical.bits) : "-", spoken ? std::to_string(quantum.bits) : "-",
                          to_string(set.cheapest().attack), bits_text(set.cheapest().bits), whole(set.cheapest().block),
                          set.meets() ? "yes" : "NO"});
  }
  return table;
}

std::string parameters_caution() {
  return "Estimates are of the attacks known when they were made, by models that differ by ten bits and more: "
         "docs/parameters.md says which, and how close they come to published ones.";
}

report::Document parameters_document(const ParametersAudit& audit, const std::string& command) {
  report::Document document{"Security of parameters", fmt::format("Obscura {}", kVersion), {}};
  report::Section glance{"At a glance", {}};
  if (!audit.sets.empty()) glance.blocks.emplace_back(sets_table(audit));
  glance.blocks.emplace_back(report::Paragraph{parameters_caution(), true});
  glance.blocks.emplace_back(report::Commands{{command}});
  document.sections.push_back(std::move(glance));
  for (const auto& set : audit.sets) document.sections.push_back(set_section(set));
  if (audit.toy) document.sections.push_back(toy_section(*audit.toy));
  return document;
}

}  // namespace obscura::study
