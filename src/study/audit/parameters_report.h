#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/document.h"
#include "study/audit/parameters.h"

/// What was found of parameters, for people, machines and pages.
namespace obscura::study {

/// "At least 128 bits: yes. 214 bits of at most 214 at N = 2^13 (2024, classical); the cheapest attack, bdd, takes
/// 2^128.3".
std::string parameter_verdict(const ParameterAudit& set);

/// "N = 2^13, log QP = 214, ternary secret, sigma 3.2".
std::string instance_text(const security::Lwe& lwe);

/// A row a table, and a row a model with the cheapest attack of it.
report::Table standards_table(const ParameterAudit& set);
report::Table attacks_table(const ParameterAudit& set);

/// A row a set: for several at once.
report::Table sets_table(const ParametersAudit& audit);

/// What an estimate is not: the last line of everything.
std::string parameters_caution();

/// {command, sets: [{name, log_n, log_qp, secret, sigma, samples, tables, attacks, bits, meets_128, verdict}], toy}.
nlohmann::ordered_json parameters_json(const ParametersAudit& audit, const std::string& command);

report::Document parameters_document(const ParametersAudit& audit, const std::string& command);

}  // namespace obscura::study
