"""Legal identifiers: a name that C++, Verilog, SystemVerilog, VHDL and hls4ml all take as it is."""

import re
import unicodedata
from collections.abc import Set as AbstractSet

_LEGAL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# names that hls4ml gives to arrays, types and structures by number, and jetmix to stages and ports
_GENERATED = re.compile(
    r"(layer|w|b|s|config|weight|bias|mult|stage|keras_tensor|inp|out|port|n)_?\d+"
    r"(_(out|t|cpy|inp|in|mult|acc|accum)\w*)?|layer_?\d+\w*",
)

CPP = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern
false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
operator or or_eq private protected public register reinterpret_cast requires return short signed
sizeof static static_assert static_cast struct switch template this thread_local throw true try
typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq
restrict main std linux unix assert errno stdin stdout stderr null eof nan infinity
"""
# X where X_t is a type of C or of C++: hls4ml adds the _t
CPP_TYPES = """
size ssize ptrdiff wchar char8 char16 char32 int8 int16 int32 int64 uint8 uint16 uint32 uint64
intptr uintptr intmax uintmax time clock clockid timer off pid uid gid dev mode ino nlink key id
div ldiv lldiv max_align float_ double_ fpos sig_atomic wint wctype wctrans mbstate locale regoff
u_int8 u_int16 u_int32 u_int64 quad daddr caddr blksize blkcnt fsblkcnt fsfilcnt useconds suseconds
va_list socklen register nullptr
"""
HLS = """
ap_int ap_uint ap_fixed ap_ufixed ap_shift_reg hls nnet dais stream input output input_t result
result_t model model_default model_default_t accum index tuple array vector value data parameters
jetmix jetmix_tagger project clk rst reset model_inp model_out inputs_flat tb testbench
"""
# what the traces of a tagger are filed under
PLACES = "inputs final"
VERILOG = """
accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before
begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class
clocking cmos config const constraint context continue cover covergroup coverpoint cross deassign
default defparam design disable dist do edge else end endcase endchecker endclass endclocking
endconfig endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram
endproperty endspecify endsequence endtable endtask enum event eventually expect export extends
extern final first_match for force foreach forever fork forkjoin function generate genvar global
highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include
initial inout input inside instance int integer interconnect interface intersect join join_any
join_none large let liblist library local localparam logic longint macromodule matches medium
modport module nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or
output package packed parameter pmos posedge primitive priority program property protected pull0
pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence
rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0
rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
showcancelled signed small soft solve specify specparam static string strong strong0 strong1 struct
super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time
timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union
unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait wait_order
wand weak weak0 weak1 while wildcard wire with within wor xnor xor
"""
VHDL = """
abs access after alias all and architecture array assert attribute begin block body buffer bus case
component configuration constant disconnect downto else elsif end entity exit file for function
generate generic group guarded if impure in inertial inout is label library linkage literal loop map
mod nand new next nor not null of on open or others out package port postponed procedure process
protected pure range record register reject rem report return rol ror select severity shared signal
sla sll sra srl subtype then to transport type unaffected units until use variable wait when while
with xnor xor bit boolean character delay_length integer natural positive real severity_level string
time work ieee std_logic std_logic_vector unsigned signed
"""
RESERVED = frozenset(" ".join((CPP, CPP_TYPES, HLS, PLACES, VERILOG, VHDL)).split())
# names that existing taggers carry and that hurt nobody as a layer's
_HARMLESS = frozenset({"sum"})


def is_legal(name: str) -> bool:
    """Return whether a name can stay as it is."""
    return (
        _LEGAL.fullmatch(name) is not None
        and "__" not in name
        and not name.endswith("_")
        and not is_reserved(name)
    )


def is_reserved(name: str) -> bool:
    """Return whether a name means something else in one of the languages or to hls4ml."""
    lower = name.lower()
    return lower not in _HARMLESS and (lower in RESERVED or _GENERATED.fullmatch(lower) is not None)


def legal(name: str, taken: AbstractSet[str] = frozenset()) -> str:
    """Return a legal identifier like ``name``, and another than those that are ``taken``.

    A legal name that is free stays as it is. Names that differ in upper and lower case alone count
    as the same: VHDL and the types of hls4ml do not tell them apart.

    Args:
        name: any text.
        taken: names in lower case.
    """
    if not is_legal(name):
        name = _spelled(name)
    if name.lower() not in taken:
        return name
    number = 2
    while f"{name}_n{number}".lower() in taken:
        number += 1
    return f"{name}_n{number}"


def _spelled(name: str) -> str:
    """Return a name in ASCII letters, digits and single underscores."""
    letters = "".join(_ascii(letter) for letter in unicodedata.normalize("NFKD", name))
    text = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9]", "_", letters)).strip("_") or "layer"
    if not text[0].isalpha() or is_reserved(text):
        text = f"l_{text}"
    return text


def _ascii(letter: str) -> str:
    """Return a letter of another alphabet by its name: phi for φ."""
    if letter.isascii():
        return letter
    if unicodedata.combining(letter):
        return ""
    return unicodedata.name(letter, "x").rsplit(" ", 1)[-1].lower()
