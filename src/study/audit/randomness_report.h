#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/document.h"
#include "study/audit/randomness.h"

namespace obscura::study {

/// What passing means, in a sentence or two: everything that prints a verdict prints this.
std::string randomness_caution();

/// "looks random: ...", "does NOT look random: ...": the overall answer on a source, with its rate of false alarms.
std::string verdict_text(const SourceAudit& source);

/// A row a test: how many variants it has, what passes, the standard's verdict.
report::Table test_table(const SourceAudit& source);

/// The object that docs/cli.md describes.
nlohmann::ordered_json randomness_json(const RandomnessAudit& audit, const std::string& command);

/// All of it on a page.
report::Document randomness_document(const RandomnessAudit& audit, const std::string& command);

}  // namespace obscura::study
