#pragma once

#include <string>
#include <vector>

#include "report/document.h"
#include "study/audit/images.h"

namespace obscura::study {

/// Pairs that a page or a console shows one by one; of more, the means are shown alone.
inline constexpr std::size_t kShownPairs = 12;

/// Entropy, histogram and neighbours, a row a channel of both pictures.
report::Table figures_table(const PairAudit& pair);
/// A protected picture against its plain one and against that of a changed one, a sentence each, and what could not be
/// compared.
std::vector<std::string> comparison_lines(const PairAudit& pair);
/// A row a test: how many channels of plain pictures and of protected ones pass it.
report::Table checks_table(const ImageAudit& audit);
/// Means over all pairs: a row for plain pictures, one for protected ones.
report::Table means_table(const ImageAudit& audit);

/// The page: tests, means, and the first pairs one by one with their pictures.
report::Document image_audit_document(const ImageAudit& audit, const std::string& command);

}  // namespace obscura::study
