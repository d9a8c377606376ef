//! The names that a key can start at: parameters, `self`, and what patterns bind.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, FieldPat, FnArg, Local, Pat, Signature, Type};

/// The names in scope of a signature.
pub(crate) struct Names {
    all: Vec<Name>,
}

/// A name, and the identifier that stands for it.
pub(crate) struct Name {
    pub(crate) text: String,
    /// Cloned from where it is bound: hygiene holds, and the compiler points there.
    pub(crate) ident: Ident,
    /// Whether its type alone says that the value is the server's own, not a client's: `u64`, `&str`.
    pub(crate) of_server: bool,
    /// The predicates of the `#[cfg(…)]`s on each parameter that binds it: there may be one for each
    /// configuration.
    pub(crate) cfgs: Vec<Vec<TokenStream>>,
}

impl Names {
    pub(crate) fn of(sig: &Signature) -> Self {
        let mut names = Self { all: Vec::new() };
        for argument in &sig.inputs {
            match argument {
                FnArg::Receiver(receiver) => {
                    let ident = Ident::new("self", receiver.self_token.span);
                    names.add("self".to_owned(), ident, false);
                }
                FnArg::Typed(typed) => {
                    let mut bound = Self { all: Vec::new() };
                    bound.bind(&typed.pat, is_primitive(&typed.ty));
                    for name in bound.all {
                        names.merge(Name { cfgs: vec![cfgs(&typed.attrs)], ..name });
                    }
                }
            }
        }
        names
    }

    pub(crate) fn get(&self, text: &str) -> Option<&Name> {
        self.all.iter().find(|name| name.text == text)
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.all.iter().map(|name| &*name.text).filter(|text| !text.starts_with("__arg"))
    }

    /// Where the names are bound.
    pub(crate) fn idents(&self) -> impl Iterator<Item = &Ident> {
        self.all.iter().map(|name| &name.ident)
    }

    /// Takes over a `let` by which `#[async_trait]` rebinds parameters: `let __self = self;`.
    pub(crate) fn rebind(&mut self, local: &Local) {
        if let Pat::Ident(pat) = &local.pat
            && pat.ident == "__self"
            && let Some(name) = self.all.iter_mut().find(|name| name.text == "self")
        {
            name.ident = pat.ident.clone();
            return;
        }
        self.bind(&local.pat, false);
    }

    /// Adds a name, or another parameter of a name that is there.
    fn merge(&mut self, name: Name) {
        match self.all.iter_mut().find(|known| known.text == name.text) {
            None => self.all.push(name),
            Some(known) => {
                known.of_server &= name.of_server;
                known.cfgs.extend(name.cfgs);
            }
        }
    }

    fn add(&mut self, text: String, ident: Ident, of_server: bool) {
        if self.get(&text).is_none() {
            self.all.push(Name { text, ident, of_server, cfgs: Vec::new() });
        }
    }

    /// Adds what a pattern binds.
    fn bind(&mut self, pat: &Pat, of_server: bool) {
        match pat {
            Pat::Ident(name) => {
                self.add(name.ident.unraw().to_string(), name.ident.clone(), of_server);
                if let Some((_, inner)) = &name.subpat {
                    self.bind(inner, false);
                }
            }
            Pat::Or(or) => or.cases.iter().take(1).for_each(|case| self.bind(case, false)),
            Pat::Paren(paren) => self.bind(&paren.pat, of_server),
            Pat::Reference(reference) => self.bind(&reference.pat, of_server),
            Pat::Slice(slice) => slice.elems.iter().for_each(|elem| self.bind(elem, false)),
            Pat::Struct(of) => of.fields.iter().for_each(|field| self.bind_field(field)),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|elem| self.bind(elem, false)),
            Pat::TupleStruct(of) => of.elems.iter().for_each(|elem| self.bind(elem, false)),
            Pat::Type(typed) => self.bind(&typed.pat, is_primitive(&typed.ty)),
            _ => {}
        }
    }

    fn bind_field(&mut self, field: &FieldPat) {
        self.bind(&field.pat, false);
    }
}

fn cfgs(attrs: &[Attribute]) -> Vec<TokenStream> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .filter_map(|attr| attr.meta.require_list().ok().map(|list| list.tokens.clone()))
        .collect()
}

/// Whether a type is a number, `bool`, `char` or text by its name, or a reference to one.
pub(crate) fn is_primitive(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_primitive(&reference.elem),
        Type::Path(path) => path.path.get_ident().is_some_and(|name| {
            matches!(
                name.to_string().as_str(),
                "bool"
                    | "char"
                    | "str"
                    | "String"
                    | "i8"
                    | "i16"
                    | "i32"
                    | "i64"
                    | "i128"
                    | "isize"
                    | "u8"
                    | "u16"
                    | "u32"
                    | "u64"
                    | "u128"
                    | "usize"
            )
        }),
        _ => false,
    }
}
