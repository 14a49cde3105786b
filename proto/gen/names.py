"""Spelling: how names of the schema are written in C and in JSON."""
import re

# Words that neither C11 nor C++17 takes as a member name.
KEYWORDS = frozenset("""
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class
compl const const_cast constexpr continue decltype default delete do double dynamic_cast else enum
explicit export extern false float for friend goto if inline int long mutable namespace new noexcept
not not_eq nullptr operator or or_eq private protected public register reinterpret_cast restrict
return short signed sizeof static static_assert static_cast struct switch template this thread_local
throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor
xor_eq linux unix errno stdin stdout stderr NULL
""".split())


def c_member(name):
    return name + "_" if name in KEYWORDS else name


def c_name(full_name):
    """Qot_Common.KLine -> Qot_Common_KLine"""
    return full_name.lstrip(".").replace(".", "_")


def snake(name):
    """Splits before a capital behind a small letter or digit, and before the last capital of a run
    that a small letter follows: pwdMD5 -> pwd_md5, orderIDEx -> order_id_ex."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
