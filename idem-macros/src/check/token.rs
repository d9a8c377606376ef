//! A token where it tells no requests apart: in the key that it is issued for, in the fingerprint.

use quote::ToTokens;

use crate::errors::Errors;
use crate::options::Options;
use crate::place::Place;
use crate::template::Template;

/// Tells a token that is a part of its own key, and one that is compared.
pub(crate) fn token(options: &Options, template: Option<&Template>, errors: &mut Errors) {
    let Some(token) = options.token.as_ref().map(|listed| &listed.place) else { return };
    if let Some(template) = template
        && template.parts.iter().any(|(part, _)| is_of(&part.place, token))
    {
        let message = format!(
            "`{token}` is issued for a key, and so can't be a part of it: name what it is issued \
             for, such as `{{user.id}}`"
        );
        errors.at(template.literal.span(), message);
    }
    let listed = options.compared();
    for one in listed.iter().filter(|one| is_of(&one.place, token)) {
        let remedy = if listed.len() > 1 {
            "remove it"
        } else {
            "list what must not change, such as `fingerprint(amount)`, or write `fingerprint = \
             \"off\"`"
        };
        let mut tokens = one.root.to_token_stream();
        tokens.extend(one.steps.clone());
        let message = format!(
            "a call with another token is another request anyhow, so `{}` compares nothing: \
             {remedy}",
            one.place
        );
        errors.under(tokens, message);
    }
}

/// Whether a value is the token, or a part of it.
fn is_of(place: &Place, token: &Place) -> bool {
    place.root == token.root && place.steps.starts_with(&token.steps)
}
