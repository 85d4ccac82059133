//! (module i18n)
