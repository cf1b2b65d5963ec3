#pragma once

#include <string_view>

#include "ckks/wire.h"
#include "program/program.h"

namespace obscura::program {

/// A program as a file (ckks::Kind::program): the server's, for the weights are in it, in the clear. Nothing is
/// searched or chosen when it is read: every layout, plan, level and scale is there.
///
///   payload  := version:u8 (4) length:u64 a Zstandard frame of that many bytes      the body
///   body     := client:(u32 length, a client file that names no program and no key) chain merge arranged layouts
///               #stages:u32 stage...
///   merge    := kind:u8 (0 none, 1 sum, 2 concat) value:u32 count:u32                  where kind is not 0
///   arranged := 0:u8, or 1:u8 channels:u32 height:u32 width:u32 #source:u32 u32...         program/arrangement.h
///   chain    := input_bits:f64 logit_error:f64 noise:f64 microseconds:f64 #reasons:u32 text...
///   layouts  := #layouts:u32 (period:u32 clean:u8 gap:u32 #places:u32 step:u32... windows)   from the place before
///   windows  := aligned:u32 (0: none, and nothing follows) #begin:u32 u32... #places:u32 u32...
///   stage    := name:text channels:u32 height:u32 width:u32 activation:u8 basis:u8 #rows:u32 (#:u32 f64...)...
///               limbs:u32 weight_bits:f64 rescales:u32 activation_limbs:u32 late:u8 rescales:u32
///               #scales:u32 f64... after_map:f64 after_activation:f64
///               #terms:u32 (value:u32 channels:u32 height:u32 width:u32 map)...               program/map_wire.h
///               packed | batched
///               activation: 0 none, 1 square, 2 polynomial, 3 gated: x p_k(... p_1(x)), a row for each p_i, p_1 first
///   packed   := layout:text output:u32 unfolded:u8 microseconds:f64 key_megabytes:f64
///               (layout:u32 copies:u32 #groups:u32 (#:u32 i64...)...)...   one a term
///               #groups:u32 (#:u32 i64...)... method:u8 plan
///   plan     := outputs:u32 inputs:u32 #babies:u32 i64... #giants:u32 i64...
///               #terms:u32 (output:u32 giant:u32 input:u32 baby:u32 offset:i64)...
///   batched  := relinearise_first:u8
///
/// The program's name is BLAKE2b-256 of "obscura program 6" and the body, so that it holds for all that is in it.
ckks::Bytes write_program(const Program& program);

/// The name of a program, whatever its client spec calls it.
ckks::Digest digest_of(const Program& program);

/// Throws FormatError for anything else, a program that contradicts itself (see validate.h), too.
/// Memory in use stays within what a matrix of 2^28 entries takes.
Program read_program(ckks::ByteSpan bytes, std::string_view what = "program");

}  // namespace obscura::program
