#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/document.h"
#include "study/learning/audit_chunks.h"

namespace obscura::study {

/// "what you save, what you tell": what each attacker gets by the share of chunks that is encrypted, a line an attacker
/// over the thresholds of policy features; the other policies as points.
report::Plot savings_plot(const ChunkAudit& audit, bool equalised);

/// The whole audit as a page; sheets lie in pictures/ beside it for forms that hold none.
report::Document chunk_audit_document(const ChunkAudit& audit, const std::string& command);

/// File names that write_chunk_audit writes to a folder: the page in three forms, then a sheet a row.
std::vector<std::string> chunk_audit_files(const ChunkAuditOptions& options);

/// Throws IoError.
void write_chunk_audit(const ChunkAudit& audit, const std::string& command, const std::filesystem::path& folder);

}  // namespace obscura::study
