#pragma once

namespace CLI {
class App;
}

/// The verbs of `obscura audit`, a file each.
namespace obscura::cli {

inline constexpr const char* kAuditAttack = "Runs attacks on a shield, scores and draws what they recover";
inline constexpr const char* kAuditChunks = "What plain chunks and the map of encrypted ones give away";

inline constexpr const char* kAuditRandomness = "All fifteen tests of NIST SP 800-22, on ciphertexts or any file";

inline constexpr const char* kAuditImages =
    "Statistics of pictures and of what protects them, and what they do not prove";
inline constexpr const char* kAuditNoise = "Predicted against measured error at every stage of an encrypted network";

inline constexpr const char* kAuditParams = "Bits of security of parameters, by published tables and by attacks";

inline constexpr const char* kAuditReport = "All that is tested of a network's encryption, on one page";

void add_audit_randomness(CLI::App& audit);
void add_audit_params(CLI::App& audit);
void add_audit_images(CLI::App& audit);
void add_audit_noise(CLI::App& audit);
void add_audit_report(CLI::App& audit);

/// These two learn: the part of the program that has no LibTorch goes on in the one that has.
void add_audit_attack(CLI::App& audit);
void add_audit_chunks(CLI::App& audit);

}  // namespace obscura::cli
