#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/document.h"
#include "study/audit/noise.h"
#include "study/audit/parameters.h"
#include "study/audit/randomness.h"

/// `obscura audit report`: all that is tested of one network's encryption on this machine, on one page.
namespace obscura::study {

struct AuditReportOptions {
  std::string network;              ///< an ONNX file
  std::string dataset = "samples";  ///< whose test images are run
  std::filesystem::path data;       ///< folder of the data sets
  std::size_t images = 16;          ///< run encrypted, to measure errors
  std::size_t sequences = 10;       ///< of a million bits, of each part of ciphertexts
  std::size_t controls = 2;         ///< of what is not encrypted
  std::size_t threads = 0;          ///< 0: as many as the machine has
};

/// One thing that is promised, and what a test of it said.
struct AuditFinding {
  std::string promise, found;
  bool kept = false;
};

struct AuditReport {
  AuditReportOptions options;
  ParametersAudit parameters;  ///< the network's, and the toy
  NoiseAudit noise;
  RandomnessAudit ciphertexts;  ///< parts of queries
  RandomnessAudit controls;     ///< what is not encrypted: has to fail

  std::vector<AuditFinding> findings() const;
  bool kept() const;  ///< all of them
};

/// Takes minutes. Throws as its parts.
AuditReport audit_all(const AuditReportOptions& options, const Notes& note, bool progress);

/// The object that docs/cli.md describes.
nlohmann::ordered_json audit_report_json(const AuditReport& report, const std::string& command);
report::Document audit_report_document(const AuditReport& report, const std::string& command);

}  // namespace obscura::study
